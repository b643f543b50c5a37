import {
  type BackupSync,
  describeForm,
  describeReason,
  type PlanClass,
  type PlannedItem,
  type ReasonCode,
  reaches,
  type SyncOutcome,
} from '@backup-sync/contracts';
import type { BackupRecord, Decision } from '../catalogue/backup-records.ts';
import type { Seen } from '../imports/chain-look.ts';

/** The class of an item that would succeed. `marked` and `none` never do. */
const classOfOutcome = {
  created: 'new',
  unchanged: 'same',
  verified: 'same',
  updated: 'changed',
  moved: 'moved',
  superseded: 'changed',
  marked: 'broken',
  none: 'same',
} as const satisfies Record<SyncOutcome, PlanClass>;

/** The class of an item that would fail. */
export const classOfReason = {
  path_not_found: 'absent',
  path_not_a_backup: 'absent',
  bucket_not_found: 'unreadable',
  access_denied: 'unreadable',
  storage_unreachable: 'unreadable',
  storage_throttled: 'unreadable',
  storage_wrong_region: 'unreadable',
  storage_redirected: 'unreadable',
  storage_token_expired: 'unreadable',
  storage_key_unknown: 'unreadable',
  storage_secret_wrong: 'unreadable',
  storage_credentials_missing: 'unreadable',
  storage_virtual_hosts_only: 'unreadable',
  storage_not_implemented: 'unreadable',
  storage_clock_skewed: 'unreadable',
  storage_request_refused: 'unreadable',
  storage_certificate_refused: 'unreadable',
  incomplete: 'incomplete',
  metadata_unreadable: 'broken',
  version_unsupported: 'unreadable',
  identity_mismatch: 'broken',
  parent_missing: 'broken',
  parent_ambiguous: 'broken',
  parent_broken: 'broken',
  cycle: 'broken',
  object_missing: 'broken',
  object_stray: 'broken',
  object_size_impossible: 'broken',
  object_etag_mismatch: 'broken',
  geometry: 'broken',
  hash_link_broken: 'broken',
  content_mismatch: 'broken',
  expansion_mismatch: 'broken',
  conflict: 'conflicting',
  archived: 'unreadable',
  format_unknown: 'unreadable',
  not_a_volume: 'unreadable',
  encrypted_customer_key: 'unreadable',
  changed_while_read: 'unreadable',
  listing_too_large: 'unreadable',
  // A reason of whole listings.
  no_backup_recognised: 'unreadable',
  cancelled: 'unreadable',
  deadline_exceeded: 'unreadable',
  // A reason that only scans give, of what several backups share.
  objects_disappeared: 'broken',
  // A reason that only sources give: a sync finds the path absent.
  vanished: 'absent',
  internal: 'unreadable',
} as const satisfies Record<ReasonCode, PlanClass>;

/** Messages, by the outcome that a sync would have. */
const sentences = {
  created: 'would be recorded',
  unchanged: 'is already recorded; only the listing would be read',
  verified: 'is already recorded, and would be proved again',
  updated: 'has changed, and the record would be updated',
  moved: 'is recorded at another place, and the record would be moved',
  superseded: 'would replace a recorded backup that is not whole',
  marked: 'would fail, and be recorded with the reason',
  none: 'would fail; nothing would be recorded or changed',
} as const satisfies Record<SyncOutcome, string>;

/**
 * Describes the decision that a sync would make, as far as the plan has read. Pure.
 *
 * `hashesUnread`: the sync would still read block hashes, and at `metadata` also objects whose ETag is not their MD5.
 * These may show that the chain is broken.
 */
export function planItem(
  item: BackupSync,
  seen: Seen,
  current: BackupRecord | null,
  decision: Decision,
  hashesUnread: boolean,
): PlannedItem {
  const { outcome, fault, timeContradiction, level } = decision;
  const sentence =
    fault !== null && outcome === 'unchanged'
      ? 'would fail with the recorded reason; nothing has changed'
      : sentences[outcome];
  const unread = level === 'metadata' ? 'its objects or block hashes' : 'its block hashes';
  const form = describeForm(seen.kind === 'seen' ? seen.examination.form : null);
  // A sync proves no further than this anyway.
  const isLow = fault === null && form.ceiling !== null && !reaches(form.ceiling, 'linkage');
  const bound = isLow ? `, and cannot be proved beyond ${form.ceiling}` : '';
  const condition = hashesUnread && fault === null ? ` unless ${unread} show a fault` : '';
  return {
    backup_id: item.backup_id,
    class: classOf(item, seen, current, decision),
    outcome,
    message: `${sentence}${bound}${condition}${timeContradiction === null ? '' : `. ${timeContradiction}`}`,
    level,
    ...form,
    reason: fault === null ? null : describeReason(fault.code, fault.detail),
  };
}

function classOf(item: BackupSync, seen: Seen, current: BackupRecord | null, decision: Decision): PlanClass {
  const { outcome, fault } = decision;
  if (fault === null) {
    // A broken record that is proved again becomes available.
    return outcome === 'verified' && current?.status === 'error' ? 'changed' : classOfOutcome[outcome];
  }
  if (seen.kind === 'seen' && seen.examination.contradictsRequest && fault.code === 'identity_mismatch') {
    return 'conflicting';
  }
  if (fault.code === 'path_not_found' && current !== null && liesAt(current, item)) return 'vanished';
  return classOfReason[fault.code];
}

function liesAt({ location }: BackupRecord, item: BackupSync): boolean {
  return location.bucketName === item.bucket_name && location.imagePath === item.image_path;
}

import {
  type BackupSync,
  describeReason,
  type PlanClass,
  type PlannedItem,
  type ReasonCode,
  type SyncOutcome,
} from '@backup-sync/contracts';
import type { BackupRecord, Decision } from '../catalogue/backup-records.ts';
import type { Seen } from '../imports/chain-look.ts';

/** What becomes of an item that ends well; `marked` and `none` do not end so. */
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

/** What an item is that fails. */
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
  conflict: 'conflicting',
  archived: 'unreadable',
  format_unknown: 'unreadable',
  encrypted_customer_key: 'unreadable',
  changed_while_read: 'unreadable',
  listing_too_large: 'unreadable',
  // Said of listings as a whole.
  no_backup_recognised: 'unreadable',
  cancelled: 'unreadable',
  deadline_exceeded: 'unreadable',
  // Said of records by their source alone: a sync finds the path absent.
  vanished: 'absent',
  internal: 'unreadable',
} as const satisfies Record<ReasonCode, PlanClass>;

/** What would happen, by what a sync would do to the catalogue. */
const sentences = {
  created: 'would be recorded',
  unchanged: 'is recorded as it is; nothing would be read but the listing',
  verified: 'is recorded as it is, and would be proved anew',
  updated: 'the record would follow what has changed',
  moved: 'is recorded at another place; the record would follow',
  superseded: 'would take the place of a recorded backup that is not whole',
  marked: 'would fail, and be recorded with the reason',
  none: 'would fail; nothing would be recorded or changed',
} as const satisfies Record<SyncOutcome, string>;

/**
 * Puts what a sync would decide, as far as was looked, into the words of a plan. Pure.
 *
 * `hashesUnread`: block hashes are still to be read, which may show that the chain is broken; at `metadata` objects whose
 * ETag is not their MD5 as well.
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
    fault !== null && outcome === 'unchanged' ? 'would fail as recorded; nothing has changed' : sentences[outcome];
  const unread = level === 'metadata' ? 'its objects or block hashes' : 'its block hashes';
  const condition = hashesUnread && fault === null ? ` unless ${unread} contradict` : '';
  return {
    backup_id: item.backup_id,
    class: classOf(item, seen, current, decision),
    outcome,
    message: `${sentence}${condition}${timeContradiction === null ? '' : `. ${timeContradiction}`}`,
    level,
    reason: fault === null ? null : describeReason(fault.code, fault.detail),
  };
}

function classOf(item: BackupSync, seen: Seen, current: BackupRecord | null, decision: Decision): PlanClass {
  const { outcome, fault } = decision;
  if (fault === null) {
    // Proved anew, a record that was broken becomes available.
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

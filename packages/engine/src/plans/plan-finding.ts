import {
  type BackupSync,
  type BucketPlanItem,
  describeReason,
  type FindingState,
  type PlanClass,
  type PlannedItem,
  type ScanFinding,
} from '@backup-sync/contracts';
import type { KnownBackup } from '../catalogue/known-backup.ts';
import type { Found } from '../scans/make-findings.ts';
import { classOfReason } from './plan-item.ts';

/** What a scan lets be, and why. What it brings in is planned as an item of a list. */
const sentences = {
  known: 'is recorded as it is; nothing would be read but the listing',
  copy: 'is recorded at another place where it still lies; the record would stand',
  forgotten: 'was deleted from the catalogue, and would be left alone; a sync of the backup itself brings it back',
  incomplete: 'would be left alone until it is written',
  unreadable: 'would be left alone: no sync request can be made of it',
} as const satisfies Partial<Record<FindingState, string>>;

/** What a scan that brings in would do with a finding that it does not bring in. Pure. */
export function planLeftAlone({ finding, known }: Pick<Found, 'finding' | 'known'>): BucketPlanItem {
  const { state, problem } = finding;
  const sentence = state in sentences ? sentences[state as keyof typeof sentences] : sentences.unreadable;
  return {
    ...placeOf(finding, finding.sync),
    class: classOf(finding),
    outcome: state === 'known' ? 'unchanged' : 'none',
    message: state === 'known' && problem !== null ? 'would stay as recorded; nothing has changed' : sentence,
    level: state === 'known' || state === 'copy' ? (known?.record.level ?? null) : null,
    reason: problem,
  };
}

function classOf({ state, problem }: ScanFinding): PlanClass {
  if (state === 'copy' || state === 'forgotten' || state === 'incomplete') return state;
  if (problem !== null) return classOfReason[problem.code];
  return state === 'known' ? 'same' : 'unreadable';
}

/** What was planned for an item, with its place. */
export function planAtPlace(item: BackupSync, planned: PlannedItem): BucketPlanItem {
  return { ...placeOf(item, item), ...planned };
}

/** A record at whose place the complete listing showed nothing. Pure. */
export function planVanished({ record, isVanished }: KnownBackup): BucketPlanItem {
  const { bucketName, imagePath } = record.location;
  return {
    backup_id: record.backupId,
    backup_name: record.backupName,
    bucket_name: bucketName,
    image_path: imagePath,
    class: 'vanished',
    outcome: 'none',
    message: isVanished
      ? 'is marked as no longer there, and is not'
      : 'a scan would leave the record; a source marks it where two listings in a row have missed it',
    level: record.level,
    reason: describeReason('vanished', `${bucketName}/${imagePath}`),
  };
}

function placeOf(place: { readonly bucket_name: string; readonly image_path: string }, item: BackupSync | null) {
  return {
    backup_id: item?.backup_id ?? null,
    backup_name: item?.backup_name ?? null,
    bucket_name: place.bucket_name,
    image_path: place.image_path,
  };
}

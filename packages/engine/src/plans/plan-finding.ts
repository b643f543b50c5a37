import {
  type BackupSync,
  type BucketPlanItem,
  describeForm,
  describeReason,
  type FindingState,
  type PlanClass,
  type PlannedItem,
  type ScanFinding,
} from '@backup-sync/contracts';
import type { KnownBackup } from '../catalogue/known-backup.ts';
import type { Found } from '../scans/make-findings.ts';
import { classOfReason } from './plan-item.ts';

/** Why a scan would ignore a backup. Backups it would import are planned as the items of a list. */
const sentences = {
  known: 'is already recorded; only the listing would be read',
  copy: 'is recorded at another place and still stored there; the record would not change',
  forgotten: 'was deleted from the catalogue and would be ignored; to import it again, sync the backup itself',
  incomplete: 'would be ignored until it is complete',
  unreadable: 'would be ignored: no sync request can be built from it',
} as const satisfies Partial<Record<FindingState, string>>;

/** Plans a finding that a scan with `sync` would not import. Pure. */
export function planLeftAlone({ finding, known }: Pick<Found, 'finding' | 'known'>): BucketPlanItem {
  const { state, problem } = finding;
  const recorded = state === 'known' || state === 'copy' ? known?.record : null;
  const sentence = state in sentences ? sentences[state as keyof typeof sentences] : sentences.unreadable;
  return {
    ...placeOf(finding, finding.sync),
    class: classOf(finding),
    outcome: state === 'known' ? 'unchanged' : 'none',
    message: state === 'known' && problem !== null ? 'would stay as recorded; nothing has changed' : sentence,
    level: recorded?.level ?? null,
    ...describeForm(recorded?.form ?? null),
    reason: problem,
  };
}

function classOf({ state, problem }: ScanFinding): PlanClass {
  if (state === 'copy' || state === 'forgotten' || state === 'incomplete') return state;
  if (problem !== null) return classOfReason[problem.code];
  return state === 'known' ? 'same' : 'unreadable';
}

/** Adds the place of an item to its plan. */
export function planAtPlace(item: BackupSync, planned: PlannedItem): BucketPlanItem {
  return { ...placeOf(item, item), ...planned };
}

/** Plans a record whose place the complete listing did not show. Pure. */
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
      ? 'is already marked as vanished, and is still missing'
      : 'a scan would not change the record; a source marks it after two listings in a row have missed it',
    level: record.level,
    ...describeForm(record.form),
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

import type { CheckedBucket, Source, StorageRequest } from '@backup-sync/contracts';
import type { SourceStanding } from '../screens/sources/source-standing.ts';
import { counted, duration, number } from './amounts.ts';

/** One word for how a source stands. */
export const standingWords: Readonly<Record<SourceStanding, string>> = {
  held: 'held',
  failing: 'failing',
  late: 'late',
  errors: 'backups in error',
  empty: 'nothing found',
  running: 'running',
  new: 'not run yet',
  paused: 'paused',
  fine: 'fine',
};

/** How a source stands and what that means, in one sentence. */
export const standingSentences: Readonly<Record<SourceStanding, string>> = {
  held: 'Too many backups are missing. New backups are imported, but none is marked as vanished until you confirm.',
  failing: 'The last run failed.',
  late: 'There was no good run when one was due.',
  errors: 'Some backups are in error.',
  empty: 'The last run found nothing in the bucket. Check the bucket and the prefix.',
  running: 'A run is in progress.',
  new: 'This source has not run yet.',
  paused: 'It does not run by itself.',
  fine: 'The last run was good.',
};

export const sourcesWords = {
  title: 'Sources',
  sentence: 'Buckets that are scanned again and again for new backups. Those that need you are first.',
  caption: 'Sources, worst first',
  add: 'Add source',
  emptyTitle: 'No source yet',
  emptyText: 'Add a bucket as a source. Its backups are then imported and proved by themselves.',
  emptyReader: 'An operator can add a bucket as a source. Its backups are then imported and proved by themselves.',
  source: 'Source',
  state: 'State',
  lastRun: 'Last run',
  nextRun: 'Next run',
  lastGood: 'Last good run',
  newest: 'Newest proved',
  manualOnly: 'manual runs only',
  pausedRun: 'paused',
  never: 'never',
  nothing: 'none',
  firstOnly: 'of the first 1,000 resources',
  runsNow: 'running now',
  place: (source: Pick<Source, 'bucket_name' | 'prefix'>) =>
    source.prefix === '' ? source.bucket_name : `${source.bucket_name}/${source.prefix}`,
};

export const sourceWords = {
  runNow: 'Run now',
  started: 'A run has started.',
  pause: 'Pause',
  paused: 'The source is paused.',
  resume: 'Resume',
  resumed: 'The source runs by itself again.',
  edit: 'Edit',
  remove: 'Remove',
  removed: 'The source is removed. Its records stay.',
  removeTitle: (name: string) => `Remove ${name}?`,
  removeText: 'The bucket is no longer scanned, and runs in progress are cancelled.',
  removeRecords: 'The records of its backups stay.',
  back: 'All sources',

  heldTitle: (count: number) => `Held: ${counted(count, 'backup is', 'backups are')} missing`,
  heldMeaning:
    'A missing mount or a wrong credential looks the same as deleted backups. So nothing is marked as vanished until you confirm, or until everything is back. New backups are still imported.',
  heldSince: 'Held since',
  heldRun: 'Run that found them missing',
  heldList: 'Backups that a confirmation may mark as vanished',
  heldFirst: (shown: number, all: number) => `The first ${number(shown)} of ${number(all)} are listed.`,
  confirm: 'Confirm removals',
  confirmTitle: (count: number) => `Mark up to ${counted(count, 'backup')} as vanished?`,
  confirmText: (count: number) =>
    `A run checks ${count === 1 ? 'the backup' : `the ${number(count)} backups`} again. It marks those that are still missing, and cannot mark more than these.`,
  confirmAfter: 'A marked backup cannot be restored. It becomes available again if it comes back.',
  confirmButton: (count: number) => `Mark up to ${counted(count, 'backup')}`,
  confirmed: 'Confirmed. A run marks what is still missing.',
  onlyOperators: 'An operator can confirm the removals.',

  errorsTitle: (count: number) => `${counted(count, 'backup')} in error`,
  countedErrors: (count: number) =>
    `${counted(count, 'backup is', 'backups are')} in error. What to do about each is below.`,
  errorsCaption: 'Backups in error',
  errorsFirst: (shown: number, all: number) => `The first ${number(shown)} of ${number(all)} are listed.`,
  backup: 'Backup',
  imagePath: 'Image path',
  unknownBackup: 'id not known',
  reason: 'Reason',

  lastRun: 'Last run',
  noRun: 'This source has not run yet.',
  result: 'Result',
  ended_at: 'Ended',
  notEnded: 'still running',
  message: 'Message',
  operation: 'Operation',
  listed: 'Objects listed',
  lastGood: 'Last good run',
  nextRun: 'Next run',

  settings: 'Settings',
  placeOf: 'Bucket and prefix',
  formats: 'Finds',
  allFormats: 'every known format',
  byTemplate: (template: string) => `unknown formats by ${template}`,
  level: 'Proved to',
  interval: 'Runs',
  every: (seconds: number) => `every ${duration(seconds)}`,
  reverify: 'Proves again',
  reverifyAfter: (seconds: number) => `after ${duration(seconds)}`,
  reverifyNever: 'only if the backup changes',
  incomplete: 'Incomplete after',
  share: 'May vanish at once',
  percent: (share: number) => `${number(Math.round(share * 10_000) / 100)} % of the records`,
  created: 'Added',
  id: 'Id',

  resources: 'Resources',
  resourcesCaption: 'Resources of this source',
  noResources: 'No backup of a resource was found yet.',
  resourcesFirst: 'The first 1,000 are listed.',
  resource: 'Resource',
  backups: 'Backups',
  proved: 'Proved',
  newest: 'Newest proved',
};

export const sourceFormWords = {
  addTitle: 'Add a source',
  editTitle: (name: string) => `Edit ${name}`,
  name: 'Name',
  nameHint: 'Unique in the project. If empty, the bucket and prefix are the name.',
  bucket: 'Bucket',
  prefix: 'Prefix',
  prefixHint: 'Only keys that start with it. If empty, the whole bucket.',
  prefixEditHint: 'Records outside a new prefix leave the source. They are not marked as vanished.',
  level: 'Prove to level',
  interval: 'Run every',
  intervalHint: 'If empty, it runs only manually.',
  more: 'Formats and limits',
  format: 'Format',
  allFormats: 'every known format',
  template: 'Path template',
  templateHint:
    'Also finds backups in unknown formats. It describes the image path from the root of the bucket, with {backup_id} in it.',
  reverify: 'Prove again after',
  reverifyHint: 'If empty, a proof is kept as long as it holds.',
  incomplete: 'Incomplete is an error after',
  incompleteHint: 'A backup without the object that its program writes last.',
  share: 'Percent of records that may vanish at once',
  shareHint: 'If more are missing, the source is held until someone confirms.',
  unitOf: (label: string) => `Unit of "${label}"`,
  addButton: 'Add source',
  saveButton: 'Save',
  added: (name: string) => `${name} is added.`,
  saved: 'The changes are saved.',
  force: 'Add it all the same',
  forceEdit: 'Save it all the same',
  forceText: 'You can skip this check, for example if nothing is stored there yet.',
};

const requests: Readonly<Record<StorageRequest, string>> = {
  list: 'list keys',
  head: 'read heads',
  get: 'read objects',
};
const results: Readonly<Record<CheckedBucket[StorageRequest], string>> = {
  allowed: 'allowed',
  refused: 'refused',
  not_tried: 'not tried',
};

export const storageTestWords = {
  button: 'Test access',
  working: 'Testing…',
  needsBucket: 'Enter a bucket first.',
  title: (bucket: string) => `Access to ${bucket}`,
  withPrefix: (bucket: string, prefix: string) => `Access to ${bucket}/${prefix}`,
  requests,
  result: (request: StorageRequest, result: CheckedBucket[StorageRequest]) =>
    `${requests[request]}: ${results[result]}`,
  catalogue: 'The catalogue cannot be written',
};

import type { FindingState, Operation, OperationKind, PlanClass, Reason, SyncOutcome } from '@backup-sync/contracts';
import type { Tone } from '../parts/badges.tsx';
import { bytes, counted, duration, number } from './amounts.ts';

/** The screens Operations and Operation. */
export const operations = {
  title: 'Operations',
  sentence: 'Imports, scans, plans, verifications and deletions of this project, newest first.',
  kind: 'Kind',
  status: 'Status',
  backupId: 'Backup id',
  filter: 'Filter',
  filters: 'Filters',
  clear: 'Show all operations',
  caption: 'Operations, newest first',
  operation: 'Operation',
  about: 'About',
  accepted: 'Accepted',
  took: 'Took',
  said: 'What happened',
  shownOf: (shown: number, all: number) => `${number(shown)} of ${counted(all, 'operation')}`,
  laterPage: 'New operations appear on the first page.',
  emptyTitle: 'No operation yet',
  emptyText: 'Import a list of backups, or scan a bucket. Each import, scan and verification is then shown here, live.',
  emptyForReader: 'Once somebody imports or verifies backups, each operation is shown here, live.',
  emptyAction: 'Import backups',
  noMatchTitle: 'No operation matches these filters',
  noMatchText: 'Operations that ended long ago may have been removed.',
  goneMarker: 'The page in this address no longer exists',

  facts: 'Details',
  id: 'Operation id',
  bucket: 'Bucket',
  backup: 'Backup',
  showBackup: 'Show the backup',
  source: 'Source',
  parent: 'Started by',
  showParent: 'Show that operation',
  started: 'Started',
  ended: 'Ended',
  notStarted: 'not yet',
  requests: 'Requests',
  requestCounts: ({ lists, gets, bytes_read }: NonNullable<Operation['requests']>) =>
    `${number(lists)} LIST, ${number(gets)} GET and HEAD, ${bytes(bytes_read)} read`,
  requestsLater: 'known once the first attempt has ended',

  progress: 'Progress',
  progressOf: (name: string) => `Progress of the ${name}`,
  rate: 'Rate',
  unknown: 'not known yet',
  left: 'Time left',
  leftAtMost: (seconds: number) => `at most ${duration(seconds)}`,
  perSecond: (what: string) => `${what} per second`,
  doneOf: (done: string, total: string) => `${done} of at most ${total}`,

  result: 'Result',
  outcome: 'Catalogue',
  level: 'Level',
  links: 'Links in the chain',
  volume: 'Size of the volume',
  sha256: 'SHA-256 of the volume',
  expandedOf: (disk: string | null) => `SHA-256 of ${disk ?? 'the volume'}, expanded and not compared`,
  times: 'Times disagree',
  forecast: 'An import would make',
  forecastOf: (lists: string, gets: string, size: string, time: string) =>
    `${lists} LIST and ${gets}, read ${size}, and take ${time}`,
  timeUnknown: 'a time that is not known yet',
  timeAbout: (time: string) => `about ${time}`,
  states: 'Backups by state',
  classes: 'Backups by class',
  yes: 'yes',
  no: 'no',

  waitsTitle: (bucket: string) => `Waits for the bucket ${bucket}`,
  waitsSince: 'Since',
  attempts: 'Failed attempts',
  nextAttempt: 'Next attempt',
  nextNow: 'due now',
  reasonNumber: (value: string, code: string) => `Error ${value}, ${code}`,
  failedTitle: 'Why it failed',
  problemTitle: 'The first problem',

  cancel: 'Cancel the operation',
  cancelling: 'Cancelling…',
  cancelTitle: (name: string) => `Cancel the ${name}?`,
  keep: 'Keep it running',
  cancelled: (name: string) => `The ${name} is being cancelled.`,
  repeated: 'It runs again.',
  joined: 'The same operation is already waiting or running: this is it.',
  repeatSource: 'Run the source again',
  repeatImport: 'Import the backup again',
  repeatVerify: 'Verify again',
  repeatTitle: 'Verify the backup again',
  repeatLevel: 'Level',
  repeatPlace: (kind: string) => `Start another ${kind} of this bucket`,
  start: 'Start',

  findings: 'Backups found',
  findingsCaption: 'Backups that the scan found',
  noFinding: 'No backup yet',
  noFindingText: 'Each backup is shown here as soon as the scan finds it.',
  noFindingEnded: 'The scan found no backup to show.',
  sourceFindings: 'Backups that are unchanged and whole are left out.',
  items: 'What an import would do',
  itemsCaption: 'Backups of the plan, and what an import would do with each',
  noItem: 'No backup planned yet',
  noItemText: 'Each backup is shown here as soon as it is planned.',
  noItemEnded: 'The plan found no backup.',
  incomplete: 'The listing was not read to its end, so backups may be missing here.',
  format: 'Format',
  state: 'State',
  class: 'Class',
  problem: 'Problem',
  wouldDo: 'An import would',
  levelNow: 'Level now:',
  remedyOf: (remedy: string, code: string) => `${remedy} (${code})`,
  imported: 'Import',
  pages: 'Pages',
  rowsShown: (rows: number) => counted(rows, 'backup'),
  showImport: 'Show its import',
  originalName: (name: string) => `named ${name} by the backup program`,
  writtenAt: 'Newest object written',
};

/** What the cancellation of an operation of this kind means. Null: it cannot be cancelled. */
export const cancelMeanings: Readonly<Record<OperationKind, string | null>> = {
  import: 'It records nothing, and ends within about a second.',
  delete: null,
  scan: 'Findings so far are kept. Imports that it has accepted continue.',
  source_run:
    'Findings so far are kept. Imports that it has accepted continue. The next run of the source is not affected.',
  verify: 'What was read so far proves nothing yet. A later verification reads it again.',
  plan: 'The plan stays incomplete. Nothing was changed.',
};

/** The heading of an operation on a backup or in a bucket. */
export const headings: Readonly<Record<OperationKind, (subject: string) => string>> = {
  import: (subject) => `Import of ${subject}`,
  delete: (subject) => `Deletion of ${subject}`,
  scan: (subject) => `Scan of ${subject}`,
  source_run: (subject) => `Source run in ${subject}`,
  verify: (subject) => `Verification of ${subject}`,
  plan: (subject) => `Plan of ${subject}`,
};

/** What an import or a deletion did to the catalogue. */
export const outcomeWords: Readonly<Record<SyncOutcome, string>> = {
  created: 'A record was created',
  unchanged: 'The record did not change',
  verified: 'The record stayed, and was proved again',
  updated: 'The record was updated',
  moved: 'The record was updated: the backup is at another place now',
  superseded: 'It replaced a backup that was not whole',
  marked: 'The record says that the backup is not whole, and why',
  none: 'Nothing changed',
};

export const phaseWords: Readonly<Record<NonNullable<Operation['phase']>, string>> = {
  listing: 'Reading the listing of the bucket.',
  importing: 'The listing is complete. Waiting for the imports that were accepted.',
};

export const retryWords: Readonly<Record<Reason['retry'], string>> = {
  final: 'Nothing retries this by itself: the cause must be fixed first.',
  later: 'The server does not retry this by itself. Starting it again may succeed.',
  self: 'The server retried until the time for retries was over.',
};

/** Names of counts: those of the progress of an operation, and those of the result of a scan. */
export const countNames: Readonly<Record<string, string>> = {
  objects_listed: 'Objects listed',
  backups_found: 'Backups found',
  described: 'Metadata read, in backups',
  imports_accepted: 'Imports accepted',
  problems: 'Incomplete or unreadable',
  vanished: 'Marked as vanished',
  backups_planned: 'Backups planned',
  link: 'Links of the chain read',
  objects: 'Objects read',
  stored_bytes: 'Stored data read',
  plain_bytes: 'Data after decompression',
};

export const resultNames: Readonly<Record<string, string>> = {
  objects: 'Objects listed',
  passedOver: 'Objects ignored in snapshot folders',
  minioFiles: 'Files in the internal form of MinIO',
  found: 'Backups found',
  described: 'Metadata read, in backups',
  imports: 'Imports accepted',
  problems: 'Incomplete or unreadable',
  vanished: 'Marked as vanished',
  held: 'Removals wait for confirmation',
  sync_backup_num: 'Backups imported or confirmed',
  delete_backup_num: 'Records marked as vanished',
  err_sync_backup_num: 'Backups in error',
};

type ShownState = { readonly tone: Tone; readonly meaning: string };

export const findingStates: Readonly<Record<FindingState, ShownState>> = {
  new: { tone: 'busy', meaning: 'It is not recorded yet.' },
  changed: { tone: 'busy', meaning: 'It is recorded, but has changed since, or its recorded result may be outdated.' },
  known: { tone: 'quiet', meaning: 'It is recorded, with every object unchanged.' },
  moved: { tone: 'busy', meaning: 'It is recorded at another place, and no longer whole there.' },
  copy: { tone: 'quiet', meaning: 'It is recorded at another place, where it still is.' },
  forgotten: {
    tone: 'quiet',
    meaning: 'Its record was deleted. Only an import of a list that names it records it again.',
  },
  incomplete: { tone: 'warn', meaning: 'It is still being written, abandoned, or partly deleted.' },
  unreadable: { tone: 'bad', meaning: 'Its metadata cannot be read, or does not fit into a record.' },
};

export const planClasses: Readonly<Record<PlanClass, ShownState>> = {
  broken: { tone: 'bad', meaning: 'The backup or its chain is not whole.' },
  conflicting: {
    tone: 'bad',
    meaning: 'It contradicts a record that is proved available. Nothing would be overwritten.',
  },
  vanished: { tone: 'bad', meaning: 'It is recorded, but nothing is stored at its image path.' },
  absent: { tone: 'bad', meaning: 'It is not recorded, and nothing is stored at its image path.' },
  unreadable: { tone: 'bad', meaning: 'It is unknown whether it is whole: storage denies access or does not answer.' },
  incomplete: { tone: 'warn', meaning: 'It is still being written, or was abandoned.' },
  new: { tone: 'busy', meaning: 'It would be recorded.' },
  changed: { tone: 'busy', meaning: 'Its record would be updated.' },
  moved: { tone: 'busy', meaning: 'It is recorded at another place. The record would be updated.' },
  copy: { tone: 'quiet', meaning: 'It is recorded at another place, where it still is. The record stays.' },
  forgotten: { tone: 'quiet', meaning: 'Its record was deleted. A scan ignores it.' },
  same: { tone: 'good', meaning: 'It is recorded exactly as it is.' },
};

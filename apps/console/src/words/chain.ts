import type { Backup, DataLevel, ReasonCode, SyncForecast, TakenAtSource } from '@backup-sync/contracts';
import { bytes, counted, duration, number } from './amounts.ts';
import { countedFailed } from './overview.ts';

/** A resource with its chains. */
export const chainWords = {
  id: 'Id of the resource',
  noBackups: 'No backup of this resource is recorded',
  noBackupsSentence: 'If its backups are in a bucket, import them or run their source. Otherwise check the address.',
  overview: 'Back to the overview',
  retire: 'Retire',
  unretire: 'Expect backups again',
  retiredNow: 'The resource is retired.',
  unretiredNow: 'Backups of the resource are expected again.',
  retireTitle: 'Retire this resource?',
  retireSentence:
    'The overview and checks then expect no newer backup of it. Its backups stay. A newer backup ends the retirement.',
  unretireTitle: 'Expect backups of this resource again?',
  unretireSentence: 'The overview and checks then expect a recent backup of it, as of any other resource.',
  chains: 'Chains',
  keys: 'Arrow keys move along the chain, Enter selects a backup.',
  shown: (shown: number, all: number) => `${number(shown)} of ${counted(all, 'backup')}, the newest first`,
  older: 'Load older backups',
  moreChains: (added: number) => `Show ${counted(added, 'older chain')}`,
  notHere: 'This backup is not recorded',
  notHereSentence: 'It may have been deleted from the catalogue. Choose another backup of the resource.',
};

/** How a resource stands, in sentences. Times are words such as "2 days ago". */
export const resourceSentences = {
  retired: (since: string) => `Retired ${since}: no newer backup is expected.`,
  unproved: (level: string) => `No backup of this resource is proved to ${level}.`,
  proved: (made: string, level: string, proved: string) =>
    `The newest proved backup was made ${made}. It was proved to ${level} ${proved}.`,
  late: (maxAge: string) => `It is older than ${maxAge}.`,
  failedSince: (count: number) => `After it, ${countedFailed(count)} failed.`,
  failed: (count: number) => `${countedFailed(count)} failed.`,
};

/** The picture of the chains. */
export const pictureWords = {
  full: 'Full',
  increment: 'Increment',
  broken: 'broken',
  whole: 'available',
  chain: (fulls: number, increments: number) =>
    increments === 0
      ? counted(fulls, 'full backup')
      : `${counted(fulls, 'full backup')}, ${counted(increments, 'increment')}`,
  /** What is shown of a chain whose full backup is not there, by why it is not. */
  parts: {
    parentNotListed: (increments: number) => `${counted(increments, 'increment')} whose parent is not listed here`,
    parentUnknown: (increments: number) => `${counted(increments, 'increment')}, parent unknown`,
    circle: (increments: number) => `${counted(increments, 'increment')} without a full backup`,
  },
  inError: (count: number) => `${count} in error`,
  between: (oldest: string, newest: string) => (oldest === newest ? newest : `${oldest} to ${newest}`),
  name: (about: string) => `Chain: ${about}`,
  dependsOn: 'depends on',
  waitsFor: 'waits for',
  parentNotListed: 'Parent, not listed here',
  parentUnknown: 'Parent is unknown',
  missing: 'Missing parent',
  notListed: 'not listed here',
  circle: 'The parents of these backups lead in a circle, so they have no full backup.',
};

/** What is said of a backup whose reason says nothing about damage: the end of a sentence. */
export function unreadWords(code: ReasonCode | undefined): string {
  return code === 'incomplete' ? 'is not complete yet' : 'cannot be read now';
}

/** A single backup. */
export const backupWords = {
  broken: 'This backup cannot be restored',
  brokenBelow: (count: number) =>
    count === 0 ? '' : `${counted(count, 'backup')} built on it cannot be restored either.`,
  unread: (code: ReasonCode) => `This backup ${unreadWords(code)}`,
  unreadBelow: (count: number) => `${counted(count, 'backup')} built on it cannot be restored now either.`,
  dependsTitle: 'A backup that this one needs is broken',
  dependsSentence: 'Repair this one first:',
  waitsTitle: 'A backup that this one needs cannot be read now',
  waitsSentence: 'It needs this one:',
  contradiction: 'Times contradict each other',
  remedy: 'What to do:',
  reason: (number: string) => `Reason ${number}`,
  actions: 'Actions',
  proof: 'Proof',
  state: 'State',
  level: 'Level',
  ceiling: 'Highest level possible',
  noCeiling: 'not known yet',
  taken: 'Made',
  verified: 'Proved',
  shown: 'Shown by reading',
  verifiedBy: (version: string) => `by check ${version}`,
  evidence: 'Evidence',
  evidenceWords: ({ object_count: objects, stored_bytes: size }: Backup['backup_sync']['evidence']) =>
    `${counted(objects, 'object')}, ${bytes(size)}`,
  digest: 'Digest of the listing',
  volume: 'SHA-256 of the volume',
  noVolume: 'not replayed',
  expanded: 'Expanded volumes',
  expandedWords: (disk: string | null, size: number) =>
    `${disk === null ? '' : `${disk}, `}${bytes(size)}; not compared: the format has no hash of it`,
  place: 'Place',
  path: 'Image path',
  format: 'Format',
  parent: 'Parent',
  noParent: 'none: a full backup',
  unknownParent: 'unknown',
  children: 'Built on it',
  andMore: (count: number) => `and ${count} more`,
  recorded: 'Recorded',
  source: 'Source',
  operation: 'Last operation',
  showOperation: 'Show the operation',
  id: 'Id',
  extract: 'Write the volume to a file',
  extractSentence:
    'Run this on a machine that reaches the bucket. It reads the objects itself, so it needs the address and credentials of the storage unit.',
  history: 'History of verifications',
  noHistory: 'No verification is recorded.',
  olderVerifications: 'Show older verifications',
  ownLevel: 'The levels here are those of this backup alone. The chain may be proved less far.',
  nothingWrong: 'nothing wrong',
};

/** Where the time of a backup comes from. */
export const takenAtWords: Readonly<Record<TakenAtSource, string>> = {
  format: 'as its metadata says',
  object: 'the time of its newest object',
  request: 'as the sync request says',
};

/** What can be done with a backup. */
export const actionWords = {
  verify: 'Verify now',
  plan: 'Plan a sync',
  rename: 'Rename',
  forget: 'Forget',
  verifyTitle: 'Verify this backup',
  verifyCost: (links: number, size: number) =>
    `Reads the stored data of ${counted(links, 'backup')} in the chain: ${bytes(size)}. The storage unit may charge for that.`,
  verifyCostAtLeast: (links: number, size: number) =>
    `Reads the stored data of the whole chain: at least ${counted(links, 'backup')}, ${bytes(size)}. The storage unit may charge for that.`,
  levelLegend: 'Level to prove',
  start: 'Start',
  starting: 'Starting…',
  started: 'The verification has started.',
  joined: 'This verification was already waiting or running.',
  follow: 'Follow the operation',
  planTitle: 'What a sync would do',
  planning: 'Planning: the bucket is read…',
  planCost: 'Cost of the sync',
  planOwn: 'Cost of this plan',
  planLevel: 'Level known now',
  cost: ({ lists, gets, bytes_read: read }: Omit<SyncForecast, 'seconds'>) =>
    `${counted(lists, 'LIST request')}, ${counted(gets, 'GET request')}, ${bytes(read)}`,
  seconds: (seconds: number | null) => (seconds === null ? 'time not known yet' : `about ${duration(seconds)}`),
  renameTitle: 'Rename this backup',
  name: 'Name',
  nameHint: '1 to 64 characters. The name stays until a sync request has another one.',
  renamed: 'The backup is renamed.',
  forgetTitle: 'Forget this backup?',
  forgetSentence:
    'The record is deleted from the catalogue. The objects stay in the bucket. Scans then ignore the backup; a sync request that names it imports it again.',
  forgetBelow: (count: number) =>
    `${counted(count, 'recorded backup')} built directly on it will have a parent that is not recorded.`,
  forgetButton: 'Forget the backup',
  forgotten: 'The backup is forgotten. Its objects stay in the bucket.',
};

/** What each level that reads data adds. */
export const dataLevelWords: Readonly<Record<DataLevel, string>> = {
  content: 'Reads every stored object and compares it with its hash.',
  replay: 'Also rebuilds the volume block by block, as a restore does, and gives its SHA-256. It takes longer.',
};

/** The page of a backup that is not recorded. */
export const unrecordedWords = {
  title: 'This backup is not recorded',
  sentence: 'No backup of this project has this id. It may have been deleted from the catalogue, or never imported.',
  operator: 'If it is stored in a bucket, import it by a list that names it. A scan ignores what was deleted here.',
  reader: 'If it is stored in a bucket, an operator of this project can import it.',
};

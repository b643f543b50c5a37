import type { failedCountMax, Resource, ResourceStandingName } from '@backup-sync/contracts';
import { counted, number } from './amounts.ts';

/** The overview of all resources. */
export const overviewWords = {
  title: 'Overview',
  caption: 'Resources, the worst first',
  onlyBad: 'Show only these',
  chooseAge: 'Choose a maximum age to see which are too old.',
  oldest: 'Oldest:',
  level: 'Proved to',
  maxAge: 'Maximum age',
  anyAge: 'any',
  standing: 'Resources',
  everyStanding: 'all',
  source: 'Source',
  everySource: 'all',
  name: 'Resource name',
  apply: 'Apply',
  clear: 'Clear the filters',
  resource: 'Resource',
  state: 'State',
  newest: 'Newest proved backup',
  proved: 'proved',
  since: 'Failed since',
  history: 'History',
  provedOf: (resource: Resource) => `${resource.proved_backups} of ${resource.backups} proved`,
  noProved: 'none',
  failed: (count: number) => `${countedFailed(count)} in error`,
  aboutTitle: 'This time is the modification time of the newest object.',
  about: '~',
  nothingMatches: 'No resource matches these filters',
  nothingMatchesSentence: 'Clear the filters, or choose others.',
  first: 'No backup is recorded yet',
  firstOperator:
    'Import a list of backups or scan a bucket to record what is stored there. Add a source to repeat the scan by itself.',
  firstReader: 'An operator of this project can import a list of backups, scan a bucket or add a source.',
  firstImport: 'Import a list or scan a bucket',
  firstSource: 'Add a source',
  shown: (shown: number, all: number) =>
    shown === all ? counted(all, 'resource') : `${number(shown)} of ${counted(all, 'resource')}`,
};

/** The largest number of failed backups that the server counts: there may be more. */
const failedMost: typeof failedCountMax = 100;

/** How many backups of a resource failed: `1 backup`, `100 or more backups`. */
export function countedFailed(count: number): string {
  return count < failedMost ? counted(count, 'backup') : `${number(failedMost)} or more backups`;
}

/** Ages that the overview offers as a limit, as they are in the address, in seconds. */
export const ageLimits = {
  '26h': { seconds: 26 * 3600, words: '26 hours' },
  '2d': { seconds: 2 * 86_400, words: '2 days' },
  '7d': { seconds: 7 * 86_400, words: '7 days' },
  '31d': { seconds: 31 * 86_400, words: '31 days' },
} as const;
export type AgeLimit = keyof typeof ageLimits;

/** The choices of the filter by standing. */
export const standingWords: Readonly<Record<ResourceStandingName, string>> = {
  active: 'not retired',
  unproved: 'without a proved backup',
  late: 'late',
  good: 'good',
  retired: 'retired',
};

/** How a single resource stands. */
export type RowStanding = Exclude<ResourceStandingName, 'active'> | 'failing' | 'proved';

export const rowStandingWords: Readonly<Record<RowStanding, string>> = {
  unproved: 'not proved',
  late: 'late',
  failing: 'newest backups failed',
  proved: 'proved',
  good: 'good',
  retired: 'retired',
};

type History = NonNullable<Resource['recent']>['history'];

/** What the history shows, in one sentence. */
export function historyWords(history: History): string {
  if (history.length === 0) return 'no backups';
  const bad = history.filter(({ status }) => status === 'error').length;
  return `${counted(history.length, 'backup')}, ${bad === 0 ? 'none' : bad} in error`;
}

/** The name of a resource, or its id if it has none. */
export function resourceTitle({
  resource_id: id,
  resource_name: name,
}: Pick<Resource, 'resource_id' | 'resource_name'>) {
  return name.trim() === '' ? id : name;
}

import type { ResourceStandingName, VerificationLevel } from '@backup-sync/contracts';
import { levelMeanings } from '../../words/common.ts';
import { type AgeLimit, ageLimits, standingWords } from '../../words/overview.ts';
import { idIn } from '../operations/operations-search.ts';

/** The filters of the overview, as the address has them. */
export type OverviewSearch = {
  readonly level?: VerificationLevel;
  readonly age?: AgeLimit;
  readonly standing?: ResourceStandingName;
  /** Id of a source. */
  readonly source?: string;
  /** Name of a resource. */
  readonly name?: string;
  /** Where the page starts: the `next_marker` of the page before it. */
  readonly marker?: string;
};

/** The level that counts as proved unless the address has another: that of the server and of `check`. */
export const usualLevel: VerificationLevel = 'linkage';

/** Keeps what is a filter. An address may have anything. */
export function overviewSearch(search: Readonly<Record<string, unknown>>): OverviewSearch {
  const level = oneOf(levelMeanings, search.level);
  const age = oneOf(ageLimits, search.age);
  const standing = oneOf(standingWords, search.standing);
  const [source, name, marker] = [idIn(search.source), idIn(search.name), idIn(search.marker)];
  return {
    ...(level !== undefined && level !== usualLevel && { level }),
    ...(age !== undefined && { age }),
    ...(standing !== undefined && (age !== undefined || !needsAge(standing)) && { standing }),
    ...(source !== undefined && { source }),
    ...(name !== undefined && { name }),
    ...(marker !== undefined && { marker }),
  };
}

/** Whether a standing means something only with a maximum age. */
export function needsAge(standing: ResourceStandingName): boolean {
  return standing === 'late' || standing === 'good';
}

/** The choice in an address; undefined if it is none that is known. */
export function oneOf<Key extends string>(known: Readonly<Record<Key, unknown>>, given: unknown): Key | undefined {
  return typeof given === 'string' && Object.hasOwn(known, given) ? (given as Key) : undefined;
}

import type { VerificationLevel } from '@backup-sync/contracts';
import { levelMeanings } from '../../words/common.ts';
import { type AgeLimit, ageLimits } from '../../words/overview.ts';
import { idIn } from '../operations/operations-search.ts';
import { oneOf, usualLevel } from '../overview/overview-search.ts';

/** What the address of a resource has: the selected backup, and what the resource is judged by, as on the overview. */
export type ChainSearch = {
  /** Id of the selected backup. */
  readonly backup?: string;
  readonly level?: VerificationLevel;
  readonly age?: AgeLimit;
};

/** Keeps what belongs to the page of a resource, also from the overview. An address may have anything. */
export function chainSearch(search: Readonly<Record<string, unknown>>): ChainSearch {
  const backup = idIn(search.backup);
  const level = oneOf(levelMeanings, search.level);
  const age = oneOf(ageLimits, search.age);
  return {
    ...(backup !== undefined && { backup }),
    ...(level !== undefined && level !== usualLevel && { level }),
    ...(age !== undefined && { age }),
  };
}

/** The address of another backup, judged in the same way. Undefined: the newest one. */
export function searchOf(backup: string | undefined, before: Readonly<Record<string, unknown>>): ChainSearch {
  return chainSearch({ ...before, backup });
}

import type { ChainContext } from '../../chain-context.ts';
import type { EdgeProof, UnreadObject } from '../../proof/link.ts';
import type { HashLists } from './hash-lists.ts';
import type { CinderLink } from './link-listing.ts';
import type { VolumeFolders } from './volume-folders.ts';

/** What the steps of a proof share during a run. */
export type ProofTools = {
  readonly context: ChainContext;
  readonly folders: VolumeFolders;
  readonly hashLists: HashLists;
};

/** What a step of the proof comes to, where the proof ends with it. */
export type Finding = Partial<Pick<EdgeProof, 'level' | 'fault' | 'limit' | 'volumeBytes'>> & {
  /** The link whose listing shows less than was expected: it is listed once more before that is believed. */
  readonly suspect?: CinderLink | null;
  /** What the step would have read next, had it not been too much. */
  readonly unreadHashes?: readonly UnreadObject[];
};

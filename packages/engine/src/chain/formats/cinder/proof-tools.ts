import type { ChainContext } from '../../chain-context.ts';
import type { HashLists } from './hash-lists.ts';
import type { VolumeFolders } from './volume-folders.ts';

/** The tools that the steps of a proof share during a run. */
export type ProofTools = {
  readonly context: ChainContext;
  readonly folders: VolumeFolders;
  readonly hashLists: HashLists;
};

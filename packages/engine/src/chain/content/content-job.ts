import type { StoredObject } from '../data.ts';

/**
 * What an object's blocks must hash to: SHA-256, hex, over the hashes of its blocks, 32 bytes each. However many blocks
 * an object has, this stays small on its way to a thread.
 */
export type BlocksDigest = { readonly blockBytes: number; readonly hex: string };

/** One object to be proved. Plain data, which can be handed to a thread. */
export type ContentJob = {
  readonly object: StoredObject;
  /** Null where the format has no block hashes. */
  readonly blocks: BlocksDigest | null;
};

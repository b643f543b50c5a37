import type { StoredObject } from '../data.ts';

/**
 * Expected digest of an object's blocks. `hex` is the SHA-256 over the hashes of its blocks, 32 bytes each, so the
 * message to a thread stays small however many blocks there are.
 */
export type BlocksDigest = { readonly blockBytes: number; readonly hex: string };

/** One object to be proved, as plain data that can be sent to a thread. */
export type ContentJob = {
  readonly object: StoredObject;
  /** Null if the format has no block hashes. */
  readonly blocks: BlocksDigest | null;
};

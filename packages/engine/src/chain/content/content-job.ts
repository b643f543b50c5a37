import type { StoredContent } from '../data.ts';

/**
 * Expected digest of an object's blocks. `hex` is the SHA-256 over the hashes of its blocks, 32 bytes each, so the
 * message to a thread stays small however many blocks there are.
 */
export type BlocksDigest = { readonly blockBytes: number; readonly hex: string };

/** An object, or a part of one, to be proved, as plain data that can be sent to a thread. */
export type ContentJob = {
  readonly object: StoredContent;
  /** Null if the format has no block hashes, or the backup is not of a volume. */
  readonly blocks: BlocksDigest | null;
};

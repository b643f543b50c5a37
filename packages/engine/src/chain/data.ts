import type { Location } from './proof/link.ts';

/** How an object's stored bytes become plain: `zlib` is RFC 1950, `gzip` an RFC 1952 file, `lz4` a frame. */
export type Compression = 'none' | 'zlib' | 'gzip' | 'bz2' | 'zstd' | 'lz4';

/** Hex digits, in whatever case. Fewer than the algorithm gives: only so many are compared (Longhorn keeps 64 of SHA-512). */
export type Digest = { readonly algorithm: 'md5' | 'sha256' | 'sha512'; readonly hex: string };

/** One stored object: a run of the volume's bytes. */
export type StoredObject = {
  readonly key: string;
  /** As listed. */
  readonly storedBytes: number;
  /** As listed; null where there is none that tells anything. */
  readonly etag: string | null;
  /** Where its plain bytes begin in the volume, bytes. */
  readonly offset: number;
  /** Plain bytes. */
  readonly length: number;
  readonly compression: Compression;
  /** Of the plain bytes; null where the format says none. */
  readonly plainDigest: Digest | null;
  /**
   * Of the stored bytes; null where the format says none. The very digest that `plainDigest` is, where a format does
   * not tell of which of the two it was made (early Cinder writers): then either will do.
   */
  readonly storedDigest: Digest | null;
};

/** SHA-256 of each block of a whole volume. */
export type BlockHashes = {
  /** Bytes of a block; the volume's last may be shorter. */
  readonly bytes: number;
  /** Batches of packed hashes of 32 bytes. May be read more than once. Throws `ReadFault` and `StorageError`. */
  hashes(): AsyncIterable<Uint8Array>;
};

/** What is stored of one backup. */
export interface LinkData {
  readonly backupId: string;
  readonly location: Location;
  /** Batches, in rising order of offset. May be read more than once. Throws `ReadFault` and `StorageError`. */
  objects(): AsyncIterable<readonly StoredObject[]>;
  /** Of the volume as it was at this link; null where the format has none. */
  readonly blocks: BlockHashes | null;
  /** Of the volume at this link, bytes. */
  readonly volumeBytes: number;
}

/** The links of a chain, full backup first. A format whose backups stand alone (Longhorn) has one. */
export type ChainData = {
  readonly links: readonly LinkData[];
  /** Whether what no link stores is zeros. Where it is not said to be, a hole is a fault. */
  readonly holesAreZeros?: boolean;
};

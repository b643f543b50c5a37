import type { Location } from './link.ts';

/** How an object's stored bytes become plain: `zlib` is RFC 1950, `gzip` an RFC 1952 file, `lz4` a frame. */
export type Compression = 'none' | 'zlib' | 'gzip' | 'bz2' | 'zstd' | 'lz4';

/** Hex; `hex` may be a prefix of the whole digest: as many digits are compared (Longhorn: 64 of SHA-512). */
export type Digest = { readonly algorithm: 'md5' | 'sha256' | 'sha512'; readonly hex: string };

export type StoredObject = {
  readonly key: string;
  /** As listed. */
  readonly storedBytes: number;
  readonly etag: string | null;
  /** Where its plain bytes begin in the volume, bytes. */
  readonly offset: number;
  /** Plain bytes. */
  readonly length: number;
  readonly compression: Compression;
  /** Of the plain bytes; null where the format says none. */
  readonly plainDigest: Digest | null;
  /** Of the stored bytes (early Cinder writers). */
  readonly storedDigest: Digest | null;
};

/** What is stored of one link. */
export interface LinkData {
  readonly backupId: string;
  readonly location: Location;
  /** Batches, in rising order of offset. May be read more than once. */
  objects(): AsyncIterable<readonly StoredObject[]>;
  /**
   * SHA-256 of each block of the whole volume as it was at this link, batches of packed 32-byte hashes; null where the
   * format has none.
   */
  readonly blocks: { readonly bytes: number; hashes(): AsyncIterable<Uint8Array> } | null;
  /** Of the volume at this link, bytes. */
  readonly volumeBytes: number;
}

/** The links of a chain, full backup first. A format whose backups stand alone (Longhorn) has one. */
export type ChainData = { readonly links: readonly LinkData[] };

import type { Location } from './proof/link.ts';

/** Compression of an object's stored bytes: `zlib` is RFC 1950, `gzip` an RFC 1952 file, `lz4` a frame. */
export type Compression = 'none' | 'zlib' | 'gzip' | 'bz2' | 'zstd' | 'lz4';

/**
 * A digest in hex digits, upper or lower case. A shortened one is compared as far as it goes: Longhorn keeps 64 of
 * SHA-512.
 */
export type Digest = { readonly algorithm: 'md5' | 'sha1' | 'sha256' | 'sha512'; readonly hex: string };

/** Stored bytes with digests of their own: an object, or a part of one. */
export type StoredContent = {
  readonly key: string;
  /** Number of stored bytes: as listed, or in the part. */
  readonly storedBytes: number;
  /** As listed; null if it has none that says anything about the content. */
  readonly etag: string | null;
  /** The part of the object that is read; absent if all of it is. */
  readonly part?: {
    /** Number of bytes of the object before it. */
    readonly start: number;
    /** The whole object, as listed. */
    readonly objectBytes: number;
    readonly modifiedAtMs: number;
  };
  /** Number of plain bytes. */
  readonly length: number;
  readonly compression: Compression;
  /** Digest of the plain bytes; null if the format has none. */
  readonly plainDigest: Digest | null;
  /**
   * Digest of the stored bytes; null if the format has none. It equals `plainDigest` if the format does not say which
   * of the two was hashed (early Cinder writers): then a match with either is enough.
   */
  readonly storedDigest: Digest | null;
};

/** A stored object that covers a run of the volume's bytes. */
export type StoredObject = StoredContent & {
  /** Where its plain bytes begin in the volume, in bytes. */
  readonly offset: number;
};

/** The SHA-256 of each block of a whole volume. */
export type BlockHashes = {
  /** Size of a block in bytes; the volume's last block may be shorter. */
  readonly bytes: number;
  /** Batches of packed 32-byte hashes. May be read more than once. Throws `ReadFault` and `StorageError`. */
  hashes(): AsyncIterable<Uint8Array>;
};

type LinkCommon = { readonly backupId: string; readonly location: Location };

/** The stored data of one backup of a volume. */
export type VolumeLink = LinkCommon & {
  /** Batches of objects, by rising offset. May be read more than once. Throws `ReadFault` and `StorageError`. */
  objects(): AsyncIterable<readonly StoredObject[]>;
  /** Hashes of the volume as it was at this link; null if the format has none. */
  readonly blocks: BlockHashes | null;
  /** Size of the volume at this link in bytes. */
  readonly volumeBytes: number;
};

/** The stored data of one backup of something else than a volume: contents that only their own digests prove. */
export type ContentLink = LinkCommon & {
  /** Batches of contents, always in the same order. May be read more than once. Throws as those of a volume. */
  objects(): AsyncIterable<readonly StoredContent[]>;
  readonly blocks: null;
  readonly volumeBytes: null;
};

export type LinkData = VolumeLink | ContentLink;

/** The links of a chain, full backup first. A format whose backups stand alone (Longhorn) has one link. */
export type ChainData = {
  readonly links: readonly LinkData[];
  /** Whether bytes that no link stores are zeros. Unless this is true, a hole is a fault. */
  readonly holesAreZeros?: boolean;
};

/** The links of a chain of a volume. */
export type VolumeData = Omit<ChainData, 'links'> & { readonly links: readonly VolumeLink[] };

/** The chain as one of a volume; null if it is of something else, which cannot be replayed. */
export function asVolume({ links, ...more }: ChainData): VolumeData | null {
  const volumes = links.filter((link) => link.volumeBytes !== null);
  return volumes.length === links.length ? { ...more, links: volumes } : null;
}

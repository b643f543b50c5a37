import { type FactCode, reaches } from '@backup-sync/contracts';
import type { Form, Location } from './proof/link.ts';

/** Compression of an object's stored bytes: `zlib` is RFC 1950, `gzip` an RFC 1952 file, `lz4` a frame. */
export type Compression = 'none' | 'zlib' | 'gzip' | 'bz2' | 'zstd' | 'lz4';

/**
 * A digest in hex digits, upper or lower case. A shortened one is compared as far as it goes: Longhorn keeps 64 of
 * SHA-512.
 */
export type Digest = { readonly algorithm: 'md5' | 'sha1' | 'sha256' | 'sha512'; readonly hex: string };

/** Compression of a frame: `deflate` is RFC 1951, `zlib` RFC 1950. */
export type FrameCompression = 'deflate' | 'zlib' | 'zstd';

/** Compressed frames in the stored bytes of an object, in the order of their plain bytes. */
export type Frames = {
  readonly compression: FrameCompression;
  /** Plain bytes of each frame. The last may give fewer; those beyond the length of the object are left out. */
  readonly plainBytes: number;
  /**
   * Where each frame is in the stored bytes: its start, then an end, exclusive. What follows a frame up to that end is
   * ignored, since some formats know the end only to a sector.
   */
  readonly places: Uint32Array;
};

/** Stored bytes with digests of their own: an object, or a part of one. */
export type StoredContent = {
  readonly key: string;
  /** Number of stored bytes: as listed, or in the part. */
  readonly storedBytes: number;
  /** As listed; null if it has none that says anything about the content. */
  readonly etag: string | null;
  /** As listed, in milliseconds since 1970; absent if only an ETag shows that the object is the same. */
  readonly modifiedAtMs?: number;
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
  /** Compression of the stored bytes as one stream; `none` if they consist of frames. */
  readonly compression: Compression;
  /** Absent if the stored bytes are one stream. Objects with frames have a few MiB, because all of one is kept in memory. */
  readonly frames?: Frames;
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

/** A run of the volume's bytes that a link declares to be zeros without storing them. It hides those of earlier links. */
export type ZeroRun = { readonly key: null; readonly offset: number; readonly length: number };

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
  objects(): AsyncIterable<readonly (StoredObject | ZeroRun)[]>;
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
  /** What a wrong digest of one of the contents means for the backup, for the message; absent if the reason says it. */
  readonly meaningOfDamage?: string;
  /** What is shown once all contents are read and right, although the level does not say it; absent if nothing is. */
  readonly fact?: FactCode;
};

export type LinkData = VolumeLink | ContentLink;

/** The links of a chain of one volume, full backup first. */
export type VolumeData = {
  readonly links: readonly VolumeLink[];
  /** Whether bytes that no link stores are zeros. Unless this is true, a hole is a fault. */
  readonly holesAreZeros?: boolean;
};

/** A volume of a backup. */
export type NamedVolume = {
  /** Its name in the backup; null if the backup is of this volume alone. */
  readonly disk: string | null;
  readonly volume: VolumeData;
};

/** The links of a chain, full backup first. A format whose backups stand alone (Longhorn) has one link. */
export type ChainData = Omit<VolumeData, 'links'> & {
  readonly links: readonly LinkData[];
  /** The disks of a package. Its links are then the contents of its files. */
  readonly disks?: readonly NamedVolume[];
};

/** The volumes that a chain expands to. Empty if it is of something else, which cannot be replayed. */
export function volumesOf({ links, disks, ...more }: ChainData): readonly NamedVolume[] {
  if (disks !== undefined) return disks;
  const volumes = links.filter((link) => link.volumeBytes !== null);
  return volumes.length === links.length ? [{ disk: null, volume: { ...more, links: volumes } }] : [];
}

/** Whether a replay compares the volume with hashes. Without them, it is only expanded. */
export function isCompared({ disks }: ChainData, form: Form | null): boolean {
  return disks === undefined && (form === null || reaches(form.ceiling, 'replay'));
}

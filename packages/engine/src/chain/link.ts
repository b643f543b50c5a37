import type { BackupFormat, ReasonCode, VerificationLevel } from '@backup-sync/contracts';

/** Where a link of a chain lies. */
export type Location = {
  readonly storageUnitId: string;
  readonly bucketName: string;
  readonly imagePath: string;
};

/** A link that another builds on, directly or through others. */
export type Ancestor = { readonly backupId: string; readonly location: Location };

/** An object that was listed and not read. */
export type UnreadObject = { readonly bucketName: string; readonly key: string; readonly bytes: number };

/** The block hashes that proving one edge to `linkage` would read: those of the link, and of its parent. */
export type UnreadHashes = { readonly backupId: string; readonly objects: readonly UnreadObject[] };

/** Why a link or chain is not whole: the code, and what was seen, with its place. */
export type Fault = { readonly code: ReasonCode; readonly detail: string };

/** When a backup was made, as its own format says. */
export type FormatTime = {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** False: the text names no zone, and was read as UTC. */
  readonly hasZone: boolean;
};

/** What a listing shows of one link. */
export type Listing = {
  /** SHA-256, hex, over the sorted listing of the link: keys relative to the image path, sizes, ETags, times. */
  readonly digest: string;
  /** SHA-256, hex, over relative keys, sizes and ETags: tells the content of an unknown format apart. */
  readonly fingerprint: string;
  readonly objectCount: number;
  readonly storedBytes: number;
  readonly newestObjectAtMs: number | null;
};

/** What proving one backup, with its chain, has shown. */
export type Examination = {
  readonly format: BackupFormat;
  readonly listing: Listing;
  /** Whether it is the same backup as before: see the format. Null where the metadata could not be read. */
  readonly contentId: string | null;
  /** Level of the whole chain: the lowest among its links. Null where even the metadata is not in order. */
  readonly level: VerificationLevel | null;
  readonly fault: Fault | null;
  /** The fault lies in the request, which contradicts the path that it gives itself: it says nothing of the backup. */
  readonly contradictsRequest: boolean;
  /** Set where the level ends below `linkage` though nothing is wrong: why. */
  readonly limit: string | null;
  readonly parentBackupId: string | null;
  /** The links that it builds on, the nearest first, as far as they were found. */
  readonly ancestors: readonly Ancestor[];
  /** Null where the format does not say. */
  readonly incremental: boolean | null;
  readonly volumeBytes: number | null;
  /** When the backup was made; null if the format does not say, or the recorded proof was made before it was kept. */
  readonly formatTime: FormatTime | null;
  /** The same of its parent; null if there is none, or it was not found. */
  readonly parentFormatTime: FormatTime | null;
  /** When the least recent part of the proof was made, milliseconds since 1970: the age of the claim. */
  readonly verifiedAtMs: number;
  readonly checkVersion: string;
  /**
   * The proofs made since the chain was opened that this examination rests on and that no other has returned, to be
   * recorded. Empty where earlier ones held for the whole chain.
   */
  readonly newProofs: readonly EdgeProof[];
  /** Of the new proofs, those that stop at block hashes, since they are more than may be read. */
  readonly unreadHashes: readonly UnreadHashes[];
};

/**
 * The proof of one link against its parent. It holds while both listings stand as they were, and the check is the
 * same: then nothing needs to be read again.
 */
export type EdgeProof = {
  readonly backupId: string;
  readonly location: Location;
  readonly listing: Listing;
  readonly contentId: string | null;
  readonly parentBackupId: string | null;
  /** Digest of the parent's listing; null for a full. */
  readonly parentListingDigest: string | null;
  /** Level of this edge alone. */
  readonly level: VerificationLevel | null;
  readonly fault: Fault | null;
  readonly limit: string | null;
  /** Null where the link itself does not say. At `linkage` the volume is then as long as the parent's. */
  readonly volumeBytes: number | null;
  /** When the link was made; see {@link Examination}. */
  readonly formatTime: FormatTime | null;
  /** Version of the check that this was proved by. */
  readonly checkVersion: string;
  /** When, milliseconds since 1970. */
  readonly verifiedAtMs: number;
  /** The metadata objects that were read: what the proof rests on. */
  readonly metadataObjects: readonly {
    readonly key: string;
    readonly etag: string | null;
    readonly size: number;
    readonly modifiedAtMs: number;
  }[];
};

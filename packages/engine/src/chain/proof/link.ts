import type { BackupFormat, ReasonCode, VerificationLevel } from '@backup-sync/contracts';

/** Where a link of a chain lies. */
export type Location = {
  readonly storageUnitId: string;
  readonly bucketName: string;
  readonly imagePath: string;
};

export function isSameLocation(one: Location, other: Location): boolean {
  return (
    one.storageUnitId === other.storageUnitId &&
    one.bucketName === other.bucketName &&
    one.imagePath === other.imagePath
  );
}

/** A link that another builds on, directly or through others. */
export type Ancestor = {
  readonly backupId: string;
  readonly location: Location;
  /** See {@link Listing.digest}. */
  readonly listingDigest: string;
};

/** An object that was listed and not read. */
export type UnreadObject = { readonly bucketName: string; readonly key: string; readonly bytes: number };

/**
 * What proving one edge to `linkage` would read: the block hashes of the link and of its parent, and objects of the link
 * whose ETag is not their MD5.
 */
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

/**
 * What a listing shows of the objects that a backup shares with others, as far as it can be told without reading the
 * backup: whether older ones still give the same digest tells whether anything of it may have changed.
 */
export type SharedListing = {
  /** SHA-256, hex, over the objects that are the backup's alone: sizes, and ETags or times. */
  readonly own: string;
  /** Likewise of the object that describes what is shared; null if it is not listed. */
  readonly index: string | null;
  readonly count: number;
  /** Hex. Sum of the SHA-256 of each shared object, so that it can be told for the older ones alone, in any order. */
  readonly digest: string;
  readonly newestObjectAtMs: number | null;
};

/** What is recorded of the objects of a backup, as it was examined last. */
export type RecordedListing = {
  readonly backupId: string;
  readonly digest: string;
  readonly fingerprint: string;
  readonly shared: SharedListing | null;
};

/** What proving one backup, with its chain, has shown. */
export type Examination = {
  readonly format: BackupFormat;
  readonly listing: Listing;
  /** Null for formats in which each backup has its objects for itself. */
  readonly shared: SharedListing | null;
  /** Whether it is the same backup as before: see the format. Null where the metadata could not be read. */
  readonly contentId: string | null;
  /** Level of the whole chain: the lowest among its links. Null where even the metadata is not in order. */
  readonly level: VerificationLevel | null;
  readonly fault: Fault | null;
  /** The fault lies in the request, which contradicts the path that it gives itself: it says nothing of the backup. */
  readonly contradictsRequest: boolean;
  /** Set where the level ends below `linkage` though nothing is wrong: why. */
  readonly limit: string | null;
  /** What is unusual about the proof, though nothing is wrong and no level is lost; null if nothing is. */
  readonly remark: string | null;
  readonly parentBackupId: string | null;
  /** The parent whose absence is the fault: that of this link, or of an ancestor. Null if the fault is another, or none. */
  readonly missingParentId: string | null;
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
  /** Of the new proofs, those that stop at what a plan leaves unread. */
  readonly unreadHashes: readonly UnreadHashes[];
  /** Backups whose new proofs hold only if their data, which is still to be read, is right: until then they are not recorded. */
  readonly awaitingData: readonly string[];
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
  /** See {@link Examination.remark}. */
  readonly remark: string | null;
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

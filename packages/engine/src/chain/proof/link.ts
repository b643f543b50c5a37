import type { BackupFormat, FactCode, GapCode, ReasonCode, VerificationLevel } from '@backup-sync/contracts';

/** Where a link of a chain is stored. */
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

/**
 * Whether two content ids are of one content. One of them may say more than the other, if a format learns digests of a
 * backup later: it then begins with the other and "-".
 */
export function isSameContent(one: string | null, other: string | null): boolean {
  if (one === null || other === null) return one === other;
  return one === other || one.startsWith(`${other}-`) || other.startsWith(`${one}-`);
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
 * Data that a proof of one link to `linkage` would read: the block hashes of the link and its parent, and objects of
 * the link whose ETag is not their MD5.
 */
export type UnreadHashes = { readonly backupId: string; readonly objects: readonly UnreadObject[] };

/** Why a link or chain is not whole. `detail` says what was found and where. */
export type Fault = { readonly code: ReasonCode; readonly detail: string };

/** How far the format and form of a backup allow to prove it. */
export type Form = {
  /** The highest level that can be reached. A backup whose format has everything reaches `replay`. */
  readonly ceiling: VerificationLevel;
  /** What cannot be seen. Each has the lowest level at which a fault could stay unseen. */
  readonly gaps: readonly GapCode[];
};

/** When a backup was made, according to its own format. */
export type FormatTime = {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** False if the text names no time zone; it was then read as UTC. */
  readonly hasZone: boolean;
};

/** Evidence of one link from a listing. */
export type Listing = {
  /** SHA-256, hex, over the sorted listing of the link: keys relative to the image path, sizes, ETags, times. */
  readonly digest: string;
  /** SHA-256, hex, over relative keys, sizes and ETags. Identifies the content of a backup of unknown format. */
  readonly fingerprint: string;
  readonly objectCount: number;
  readonly storedBytes: number;
  readonly newestObjectAtMs: number | null;
};

/**
 * Evidence from a listing about the objects that a backup shares with others. The backup itself is not read. If the
 * older ones still give the same digest, no shared object of the backup has changed.
 */
export type SharedListing = {
  /** SHA-256, hex, over the backup's own objects: sizes, and ETags or times. */
  readonly own: string;
  /** The same for objects any one of which opens the backup, and which are checked apart; absent if there are none. */
  readonly keys?: string;
  /** The same for the object that describes the shared ones; null if it is not listed. */
  readonly index: string | null;
  /** If several objects describe the shared ones (`index` is then a sum, too): how many, and the time of the newest. */
  readonly indexes?: { readonly count: number; readonly newestObjectAtMs: number | null };
  readonly count: number;
  /** Sum of the SHA-256 of each shared object, hex. A sum can be computed in any order, and for older objects alone. */
  readonly digest: string;
  readonly newestObjectAtMs: number | null;
  /** True if some of these objects are gone since, and nothing shows whether one was needed. */
  readonly hasLost?: boolean;
};

/** Evidence of a backup's objects from its last examination. */
export type RecordedListing = {
  readonly backupId: string;
  readonly digest: string;
  readonly fingerprint: string;
  readonly shared: SharedListing | null;
};

/** The result of proving one backup with its chain. */
export type Examination = {
  readonly format: BackupFormat;
  readonly listing: Listing;
  /** Null for formats in which backups share no objects. */
  readonly shared: SharedListing | null;
  /** Identifies the content, to recognise the same backup; see {@link isSameContent}. Null if the metadata could not be read. */
  readonly contentId: string | null;
  /** Level of the whole chain: the lowest among its links. Null if even the metadata is not in order. */
  readonly level: VerificationLevel | null;
  readonly fault: Fault | null;
  /** True if the request contradicts its own image path. The fault then says nothing about the backup. */
  readonly contradictsRequest: boolean;
  /** The lowest ceiling and all gaps of its links; null if the form of a link is not known. */
  readonly form: Form | null;
  /** Why the level is below `linkage` although nothing is wrong; null otherwise. */
  readonly limit: string | null;
  /** What reading the data has just shown, although no level says it; absent if nothing. */
  readonly fact?: FactCode;
  /**
   * A remark on something unusual about the proof, although nothing is wrong and no level is lost; null if there is
   * none.
   */
  readonly remark: string | null;
  readonly parentBackupId: string | null;
  /** The missing parent of this link or of an ancestor. Null if there is another fault, or none. */
  readonly missingParentId: string | null;
  /** The ancestors that were found, nearest first. */
  readonly ancestors: readonly Ancestor[];
  /** Null if the format does not say. */
  readonly incremental: boolean | null;
  readonly volumeBytes: number | null;
  /** When the backup was made; null if the format does not say, or if the recorded proof is older than this field. */
  readonly formatTime: FormatTime | null;
  /** The same for its parent; null if there is none, or if it was not found. */
  readonly parentFormatTime: FormatTime | null;
  /** When the oldest part of the proof was made, in milliseconds since 1970. */
  readonly verifiedAtMs: number;
  readonly checkVersion: string;
  /**
   * Proofs to record: those this examination rests on that were made since the chain was opened and that no other
   * examination has returned. Empty if recorded proofs held for the whole chain.
   */
  readonly newProofs: readonly EdgeProof[];
  /** The new proofs that stopped at objects a plan leaves unread, with these objects. */
  readonly unreadHashes: readonly UnreadHashes[];
  /**
   * Backups whose new proofs hold only if their data, still to be read, is correct. They are not recorded until then.
   */
  readonly awaitingData: readonly string[];
  /** Image paths of the files of a package that were just found. None of them is a backup by itself. Absent if none. */
  readonly parts?: readonly string[];
};

/**
 * The proof of one link against its parent. It holds while both listings and the check are unchanged, so nothing needs
 * to be read again.
 */
export type EdgeProof = {
  readonly backupId: string;
  readonly location: Location;
  readonly listing: Listing;
  readonly contentId: string | null;
  readonly parentBackupId: string | null;
  /** Digest of the parent's listing; null for a full backup. */
  readonly parentListingDigest: string | null;
  /** Level of this edge alone. */
  readonly level: VerificationLevel | null;
  readonly fault: Fault | null;
  /** Null if the metadata could not be read, or if an earlier release made the proof. */
  readonly form: Form | null;
  readonly limit: string | null;
  /** See {@link Examination.remark}. */
  readonly remark: string | null;
  /** Null if the link itself does not say. At `linkage`, the volume then has the parent's size. */
  readonly volumeBytes: number | null;
  /** When the link was made; see {@link Examination.formatTime}. */
  readonly formatTime: FormatTime | null;
  /** Version of the check that made this proof. */
  readonly checkVersion: string;
  /** When it was made, in milliseconds since 1970. */
  readonly verifiedAtMs: number;
  /** The metadata objects that were read, on which the proof rests. */
  readonly metadataObjects: readonly {
    readonly key: string;
    readonly etag: string | null;
    readonly size: number;
    readonly modifiedAtMs: number;
  }[];
};

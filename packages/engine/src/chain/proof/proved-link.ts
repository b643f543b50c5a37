import type { VerificationLevel } from '@backup-sync/contracts';
import { printable } from '../../quote.ts';
import type { ObjectEntry } from '../../storage/port.ts';
import type { ChainContext } from '../chain-context.ts';
import type { EdgeProof, Fault, FormatTime, Listing, SharedListing, UnreadObject } from './link.ts';

/** A link of a chain, as far as it is known before it is proved. Formats add what they need. */
export type ListedLink = {
  readonly backupId: string;
  readonly bucketName: string;
  readonly imagePath: string;
  /** Null if only the metadata tells which objects are the link's. */
  readonly listing: Listing | null;
};

/** Tells the places of links apart. */
export function placeOf({ bucketName, imagePath }: Pick<ListedLink, 'bucketName' | 'imagePath'>): string {
  return JSON.stringify([bucketName, imagePath]);
}

/** What a step of a proof has found. */
export type Finding<Link> = {
  readonly fault: Fault | null;
  /** See {@link EdgeProof}; absent if the step does not raise the level, or ends the proof below `metadata`. */
  readonly level?: VerificationLevel | null;
  /** Why the proof ends here, though nothing is wrong. */
  readonly limit?: string;
  readonly volumeBytes?: number | null;
  /** The link whose listing shows less than was expected: it is listed once more before that is believed. */
  readonly suspect?: Link | null;
  /** What the step would have read, had it been allowed to. */
  readonly unreadHashes?: readonly UnreadObject[];
};

/** One link, proved against its parent. */
export type ProvedLink<Link> = {
  /** As it was listed last. */
  readonly link: Link;
  /** Null for a full backup, and if no parent was found. */
  readonly parent: Link | null;
  readonly proof: EdgeProof;
  /** Null for formats in which each backup has its objects for itself. */
  readonly shared: SharedListing | null;
  /** What a plan left unread. */
  readonly unreadHashes: readonly UnreadObject[];
  /** The proof holds only if the data of the link is right, which is still to be read. */
  readonly awaitsData: boolean;
  /** See {@link Finding}. */
  readonly suspect: Link | null;
};

/** What is known of a link when its proof ends. */
type KnownEdge<Link> = {
  readonly link: Link;
  readonly listing: Listing;
  readonly shared: SharedListing | null;
  readonly parent: Link | null;
  /** Null if the metadata could not be read. */
  readonly contentId: string | null;
  /** As the metadata names it. */
  readonly parentBackupId: string | null;
  readonly formatTime: FormatTime | null;
  readonly checkVersion: string;
  /** The metadata objects that were read. Null stands for one that is not there. */
  readonly read: readonly (ObjectEntry | null)[];
  readonly remark: string | null;
  readonly awaitsData: boolean;
};

/** Ends the proof of a link with what its last step has found. */
export function concludeEdge<Link extends ListedLink>(
  { storage, nowMs }: ChainContext,
  known: KnownEdge<Link>,
  { fault, level = null, limit, volumeBytes = null, suspect = null, unreadHashes = [] }: Finding<Link>,
): ProvedLink<Link> {
  const { link, parent, shared, awaitsData, remark } = known;
  const proof: EdgeProof = {
    backupId: link.backupId,
    location: { storageUnitId: storage.id, bucketName: link.bucketName, imagePath: link.imagePath },
    listing: known.listing,
    contentId: known.contentId,
    parentBackupId: known.parentBackupId,
    parentListingDigest: parent?.listing?.digest ?? null,
    level,
    fault: fault === null ? null : { code: fault.code, detail: printable(fault.detail) },
    limit: limit === undefined ? null : printable(limit),
    remark: remark === null ? null : printable(remark),
    volumeBytes,
    formatTime: known.formatTime,
    checkVersion: known.checkVersion,
    verifiedAtMs: nowMs(),
    metadataObjects: known.read
      .filter((entry) => entry !== null)
      .map(({ key, etag, size, modifiedAtMs }) => ({ key, etag, size, modifiedAtMs })),
  };
  return { link, parent, proof, shared, unreadHashes, awaitsData, suspect };
}

/** A link whose recorded proof still holds. */
export function reusedLink<Link>(
  link: Link,
  parent: Link | null,
  proof: EdgeProof,
  shared: SharedListing | null = null,
): ProvedLink<Link> {
  return { link, parent, proof, shared, unreadHashes: [], awaitsData: false, suspect: null };
}

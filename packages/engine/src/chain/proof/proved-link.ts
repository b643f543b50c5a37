import type { VerificationLevel } from '@backup-sync/contracts';
import { printable } from '../../quote.ts';
import type { ObjectEntry } from '../../storage/port.ts';
import type { ChainContext } from '../chain-context.ts';
import type { EdgeProof, Fault, Form, FormatTime, Listing, SharedListing, UnreadObject } from './link.ts';

/** Maximum number of characters of a fault, a limit or a remark that are recorded. */
const textCharactersMax = 2000;

/** A link before it is proved. Formats add their own fields. */
export type ListedLink = {
  readonly backupId: string;
  readonly bucketName: string;
  readonly imagePath: string;
  /** Null if only the metadata shows which objects belong to the link. */
  readonly listing: Listing | null;
};

/** A key that identifies the place of a link: its bucket and image path. */
export function placeOf({ bucketName, imagePath }: Pick<ListedLink, 'bucketName' | 'imagePath'>): string {
  return JSON.stringify([bucketName, imagePath]);
}

/** The result of one step of a proof. */
export type Finding<Link> = {
  readonly fault: Fault | null;
  /** See {@link EdgeProof}; absent if the step does not raise the level or ends the proof below `metadata`. */
  readonly level?: VerificationLevel | null;
  /** Why the proof ends here, though nothing is wrong. */
  readonly limit?: string;
  readonly volumeBytes?: number | null;
  /** The link whose listing shows less than expected. It is listed again before the fault is believed. */
  readonly suspect?: Link | null;
  /** Objects the step would have read if it had been allowed to. */
  readonly unreadHashes?: readonly UnreadObject[];
};

/** One link, proved against its parent. */
export type ProvedLink<Link> = {
  /** The link as last listed. */
  readonly link: Link;
  /** Null for a full backup, or if no parent was found. */
  readonly parent: Link | null;
  readonly proof: EdgeProof;
  /** Null for formats in which backups share no objects. */
  readonly shared: SharedListing | null;
  /** Objects a plan left unread. */
  readonly unreadHashes: readonly UnreadObject[];
  /** True if the proof holds only if the link's data, which is still to be read, is correct. */
  readonly awaitsData: boolean;
  /** See {@link Finding}. */
  readonly suspect: Link | null;
  /** See `Examination`. */
  readonly parts?: readonly string[];
};

/** A link when its proof ends. */
type KnownEdge<Link> = {
  readonly link: Link;
  readonly listing: Listing;
  readonly shared: SharedListing | null;
  readonly parent: Link | null;
  /** Null if the metadata could not be read. */
  readonly contentId: string | null;
  /** The parent that the metadata names. */
  readonly parentBackupId: string | null;
  readonly form: Form | null;
  readonly formatTime: FormatTime | null;
  readonly checkVersion: string;
  /** The metadata objects that were read; null for one that does not exist. */
  readonly read: readonly (ObjectEntry | null)[];
  readonly remark: string | null;
  readonly awaitsData: boolean;
};

/** Ends the proof of a link with the finding of its last step. */
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
    fault: fault === null ? null : { code: fault.code, detail: recorded(fault.detail) },
    form: known.form,
    limit: limit === undefined ? null : recorded(limit),
    remark: remark === null ? null : recorded(remark),
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

/** Text for the record. It may have names from a bucket, which may be of any length. */
function recorded(text: string): string {
  return printable(text.length > textCharactersMax ? `${text.slice(0, textCharactersMax)}…`.toWellFormed() : text);
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

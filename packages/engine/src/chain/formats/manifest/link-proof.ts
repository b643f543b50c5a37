import type { ReasonCode, VerificationLevel } from '@backup-sync/contracts';
import { counted } from '@backup-sync/contracts';
import { printable } from '../../../quote.ts';
import type { PathListing } from '../../path-listings.ts';
import { type EtagsSettled, settleEtags } from '../../proof/etags/settle-etags.ts';
import { isOfAccess } from '../../proof/lasting-fault.ts';
import type { EdgeProof, Fault, UnreadObject } from '../../proof/link.ts';
import { tooManyObjects } from '../../proof/object-bound.ts';
import { InventoryCheck } from './inventory-check.ts';
import { proveLinkage } from './linkage-proof.ts';
import type { Finding, ManifestLink, PlaceReading } from './manifest-link.ts';
import type { ManifestTools } from './manifest-tools.ts';
import { findParent } from './parent-search.ts';

/** Rises when a proof of old would come out otherwise now. */
export const checkVersion = 'manifest/2';

/** Versions whose recorded proofs still count, except those that `superseded-proof.ts` names. */
export const reusableVersions: ReadonlySet<string> = new Set(['manifest/1', checkVersion]);

/** One link proved against its parent. `parent` is null for a full, and where none was found. */
export type ProvedManifest = {
  readonly place: PathListing;
  readonly link: { readonly backupId: string; readonly imagePath: string };
  readonly parent: PathListing | null;
  readonly proof: EdgeProof;
  readonly unreadHashes: readonly UnreadObject[];
  /** The proof holds only if the data of the link is right, which is still to be read. */
  readonly awaitsData: boolean;
};

type Attempt = ProvedManifest & { readonly suspect: PathListing | null };

/**
 * Proves one link as far as it goes without reading data. Null where nothing of it is left in the bucket.
 * `backupId` names a link that cannot be read.
 */
export async function proveManifest(
  tools: ManifestTools,
  place: PathListing,
  backupId: string,
  read: (place: PathListing) => Promise<PlaceReading>,
): Promise<ProvedManifest | null> {
  const { listings } = tools;
  const relist = ({ bucketName, imagePath }: PathListing) => listings.again(bucketName, imagePath);
  const first = await attempt(tools, place, backupId, read);
  if (first.suspect === null) return first;
  const fresh = await relist(first.suspect);
  if (first.suspect !== place) return await attempt(tools, place, backupId, read);
  if (fresh === null) return null;
  return fresh.listing.digest === place.listing.digest ? first : await attempt(tools, fresh, backupId, read);
}

async function attempt(
  tools: ManifestTools,
  place: PathListing,
  backupId: string,
  read: (place: PathListing) => Promise<PlaceReading>,
): Promise<Attempt> {
  const reading = await read(place);
  if (reading.kind === 'foreign') throw new TypeError(`${place.imagePath} was taken for a manifest of this format`);
  if (reading.kind === 'unread') return conclude(tools, place, backupId, null, null, reading.finding);
  const { link } = reading;
  let parent: PathListing | null = null;
  let parentLink: ManifestLink | null = null;
  let unreadParent: Fault | null = null;
  if (link.header.parent !== null) {
    const search = await findParent(tools, link, read);
    if (search.kind === 'not found') return conclude(tools, place, backupId, link, null, search.finding);
    parent = search.place;
    if (search.reading.kind === 'link') parentLink = search.reading.link;
    else unreadParent = unreadParentFault(link, search.reading.finding);
  }
  const { objectCount } = place.listing;
  if (objectCount > tools.provableMax) {
    const limit = tooManyObjects(place.imagePath, objectCount);
    return conclude(tools, place, backupId, link, parent, { level: 'metadata', limit });
  }
  const inventory = await proveInventory(tools, link);
  const concludeAt = (level: VerificationLevel, finding: Finding): Attempt =>
    conclude(tools, place, backupId, link, parent, { level, ...finding }, inventory);
  const { end } = inventory;
  if (end?.unreadHashes !== undefined) {
    // A plan says all that would be read.
    const { unreadHashes = [] } = leaveHashes(tools, place, parent) ?? {};
    return concludeAt('metadata', { ...end, unreadHashes: [...end.unreadHashes, ...unreadHashes] });
  }
  if (end !== null) return concludeAt('metadata', end);
  if (unreadParent !== null) return concludeAt('inventory', { fault: unreadParent });
  const linkage = leaveHashes(tools, place, parent) ?? (await proveLinkage(tools.hashes, link, parentLink));
  return concludeAt('inventory', linkage);
}

/** What ends the proof before block hashes are read: a plan does not read them, and there may be too many. */
function leaveHashes(
  { context: { linkageMaxBytes, readHashes } }: ManifestTools,
  place: PathListing,
  parent: PathListing | null,
): Finding | null {
  const files = [place, parent].flatMap((each) => {
    const hashes = each?.blockHashes ?? null;
    return each === null || hashes === null
      ? []
      : [{ bucketName: each.bucketName, key: hashes.key, bytes: hashes.size }];
  });
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (bytes > linkageMaxBytes) {
    const limit = `the block hashes have ${bytes} bytes, and no more than ${linkageMaxBytes} may be read for them`;
    return { limit: `${place.imagePath}: ${limit}; verify goes on from there` };
  }
  if (readHashes) return null;
  return { limit: `${place.imagePath}: its block hashes were left unread`, unreadHashes: files };
}

/** A parent that could not be read, or moved meanwhile, is not known to be broken. */
function unreadParentFault({ header }: ManifestLink, { fault = null }: Finding): Fault {
  const detail = `parent ${header.parent?.backup_id}: ${fault?.detail ?? 'cannot be read'}`;
  const isOpen = fault !== null && (isOfAccess(fault.code) || fault.code === 'changed_while_read');
  return { code: isOpen ? fault.code : 'parent_broken', detail };
}

/** How far the inventory of a link is proved. `end` ends the proof at `metadata`; null if the inventory is whole. */
type Inventory = Pick<EtagsSettled, 'remark' | 'awaitsData'> & { readonly end: Finding | null };

async function proveInventory(
  { context, listings }: ManifestTools,
  { place, objects, header }: ManifestLink,
): Promise<Inventory> {
  const { blockHashes, bucketName, imagePath, listing } = place;
  const ended = (end: Finding): Inventory => ({ end, remark: null, awaitsData: false });
  if (blockHashes === null) return ended(missing(place, `${imagePath}/${header.block_hashes.key}`));
  if (blockHashes.size !== header.block_hashes.size) {
    const detail = `${blockHashes.key} has ${counted(blockHashes.size, 'byte')}, and must have ${header.block_hashes.size}`;
    return ended({ fault: { code: 'object_size_impossible', detail } });
  }
  const check = new InventoryCheck(imagePath, objects);
  if (!(await listings.visit(place, (file) => check.take(file)))) {
    return ended({ fault: { code: 'changed_while_read', detail: `${imagePath} is not as it was listed before` } });
  }
  const finding = (fault: Fault) => (fault.code === 'object_missing' ? missing(place, fault.detail) : { fault });
  const fault = check.finish();
  if (fault !== null) return ended(finding(fault));
  const { end, ...settled } = await settleEtags(context, {
    backupId: header.backup.id,
    location: { storageUnitId: context.storage.id, bucketName, imagePath },
    listingDigest: listing.digest,
    tally: check.etags,
    keyOf: (row) => `${imagePath}/${objects.keys.at(row)}`,
  });
  return { ...settled, end: end?.fault === undefined ? end : finding(end.fault) };
}

function missing(suspect: PathListing, detail: string): Finding {
  const code: ReasonCode = 'object_missing';
  return { fault: { code, detail }, suspect };
}

function conclude(
  { context }: ManifestTools,
  place: PathListing,
  backupId: string,
  link: ManifestLink | null,
  parent: PathListing | null,
  finding: Finding,
  { remark, awaitsData }: Pick<Inventory, 'remark' | 'awaitsData'> = { remark: null, awaitsData: false },
): Attempt {
  const { bucketName, imagePath, listing, manifest, blockHashes } = place;
  const { suspect = null, level = null, fault = null, limit = null, volumeBytes = null, unreadHashes = [] } = finding;
  const read =
    link === null ? [manifest] : [manifest, blockHashes, parent?.manifest ?? null, parent?.blockHashes ?? null];
  const proof: EdgeProof = {
    backupId,
    location: { storageUnitId: context.storage.id, bucketName, imagePath },
    listing,
    contentId: link?.contentId ?? null,
    parentBackupId: link?.header.parent?.backup_id ?? null,
    parentListingDigest: parent?.listing.digest ?? null,
    level,
    fault: fault === null ? null : { code: fault.code, detail: printable(fault.detail) },
    limit: limit === null ? null : printable(limit),
    remark: remark === null ? null : printable(remark),
    volumeBytes,
    formatTime: link === null ? null : { atMs: Date.parse(link.header.backup.created_at), hasZone: true },
    checkVersion,
    verifiedAtMs: context.nowMs(),
    metadataObjects: read
      .filter((entry) => entry !== null)
      .map(({ key, etag, size, modifiedAtMs }) => ({ key, etag, size, modifiedAtMs })),
  };
  return { place, link: { backupId, imagePath }, parent, proof, unreadHashes, awaitsData, suspect };
}

import type { ReasonCode, VerificationLevel } from '@backup-sync/contracts';
import { counted } from '@backup-sync/contracts';
import type { Check } from '../../proof/check-version.ts';
import { type EtagsSettled, settleEtags } from '../../proof/etags/settle-etags.ts';
import { isOfAccess } from '../../proof/lasting-fault.ts';
import type { Fault } from '../../proof/link.ts';
import { tooManyObjects } from '../../proof/object-bound.ts';
import { concludeEdge, type ProvedLink } from '../../proof/proved-link.ts';
import { InventoryCheck } from './inventory-check.ts';
import { proveLinkage } from './linkage-proof.ts';
import type { ManifestFinding, ManifestLink, ManifestPlace } from './manifest-link.ts';
import type { ManifestTools } from './manifest-tools.ts';
import { findParent } from './parent-search.ts';

/** Its version rises when a proof of old would come out otherwise now. */
export const manifestCheck: Check = {
  version: 'manifest/2',
  reusable: ['manifest/1'],
  judgedByEtag: ['manifest/1'],
};

/** Proves one link as far as it goes without reading data. Throws what storage throws. */
export async function proveManifest(tools: ManifestTools, place: ManifestPlace): Promise<ProvedLink<ManifestPlace>> {
  const read = (at: ManifestPlace) => tools.readings.read(at);
  const reading = await read(place);
  if (reading.kind === 'foreign') throw new TypeError(`${place.imagePath} was taken for a manifest of this format`);
  if (reading.kind === 'unread') return conclude(tools, place, null, null, reading.finding);
  const { link } = reading;
  let parent: ManifestPlace | null = null;
  let parentLink: ManifestLink | null = null;
  let unreadParent: Fault | null = null;
  if (link.header.parent !== null) {
    const search = await findParent(tools, link, read);
    if (search.kind === 'not found') return conclude(tools, place, link, null, search.finding);
    parent = search.place;
    if (search.reading.kind === 'link') parentLink = search.reading.link;
    else unreadParent = unreadParentFault(link, search.reading.finding);
  }
  const { objectCount } = place.listing;
  if (objectCount > tools.provableMax) {
    const limit = tooManyObjects(place.imagePath, objectCount);
    return conclude(tools, place, link, parent, { fault: null, level: 'metadata', limit });
  }
  const inventory = await proveInventory(tools, link);
  const concludeAt = (level: VerificationLevel, finding: ManifestFinding): ProvedLink<ManifestPlace> =>
    conclude(tools, place, link, parent, { level, ...finding }, inventory);
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
  place: ManifestPlace,
  parent: ManifestPlace | null,
): ManifestFinding | null {
  const files = [place, parent].flatMap((each) => {
    const hashes = each?.blockHashes ?? null;
    return each === null || hashes === null
      ? []
      : [{ bucketName: each.bucketName, key: hashes.key, bytes: hashes.size }];
  });
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (bytes > linkageMaxBytes) {
    const limit = `the block hashes have ${bytes} bytes, and no more than ${linkageMaxBytes} may be read for them`;
    return { fault: null, limit: `${place.imagePath}: ${limit}; verify goes on from there` };
  }
  if (readHashes) return null;
  return { fault: null, limit: `${place.imagePath}: its block hashes were left unread`, unreadHashes: files };
}

/** A parent that could not be read, or moved meanwhile, is not known to be broken. */
function unreadParentFault({ header }: ManifestLink, { fault }: ManifestFinding): Fault {
  const detail = `parent ${header.parent?.backup_id}: ${fault?.detail ?? 'cannot be read'}`;
  const isOpen = fault !== null && (isOfAccess(fault.code) || fault.code === 'changed_while_read');
  return { code: isOpen ? fault.code : 'parent_broken', detail };
}

/** How far the inventory of a link is proved. `end` ends the proof at `metadata`; null if the inventory is whole. */
type Inventory = Pick<EtagsSettled, 'remark' | 'awaitsData'> & { readonly end: ManifestFinding | null };

async function proveInventory(
  { context, listings }: ManifestTools,
  { place, objects, header }: ManifestLink,
): Promise<Inventory> {
  const { blockHashes, bucketName, imagePath, listing } = place;
  const ended = (end: ManifestFinding): Inventory => ({ end, remark: null, awaitsData: false });
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
  return { ...settled, end: end === null || end.fault === null ? end : finding(end.fault) };
}

function missing(suspect: ManifestPlace, detail: string): ManifestFinding {
  const code: ReasonCode = 'object_missing';
  return { fault: { code, detail }, suspect };
}

function conclude(
  { context }: ManifestTools,
  place: ManifestPlace,
  link: ManifestLink | null,
  parent: ManifestPlace | null,
  finding: ManifestFinding,
  { remark, awaitsData }: Pick<Inventory, 'remark' | 'awaitsData'> = { remark: null, awaitsData: false },
): ProvedLink<ManifestPlace> {
  const { listing, manifest, blockHashes } = place;
  const isRead = link !== null;
  return concludeEdge(
    context,
    {
      link: place,
      listing,
      shared: null,
      parent,
      contentId: link?.contentId ?? null,
      parentBackupId: link?.header.parent?.backup_id ?? null,
      formatTime: isRead ? { atMs: Date.parse(link.header.backup.created_at), hasZone: true } : null,
      checkVersion: manifestCheck.version,
      read: isRead ? [manifest, blockHashes, parent?.manifest ?? null, parent?.blockHashes ?? null] : [manifest],
      remark,
      awaitsData,
    },
    finding,
  );
}

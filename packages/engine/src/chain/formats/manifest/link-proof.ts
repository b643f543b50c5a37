import type { VerificationLevel } from '@backup-sync/contracts';
import { counted } from '@backup-sync/contracts';
import type { Check } from '../../proof/check-version.ts';
import { endOfInventory, type InventoryProof, inventoryFinding, settleEtags } from '../../proof/etags/settle-etags.ts';
import { tooManyObjectsForm, wholeForm } from '../../proof/form.ts';
import { isOfAccess } from '../../proof/lasting-fault.ts';
import type { Fault, UnreadObject } from '../../proof/link.ts';
import { tooManyObjects } from '../../proof/object-bound.ts';
import { concludeEdge, type ProvedLink } from '../../proof/proved-link.ts';
import { leaveHashes } from '../../proof/unread-hashes.ts';
import { InventoryCheck } from './inventory-check.ts';
import { proveLinkage } from './linkage-proof.ts';
import type { ManifestFinding, ManifestLink, ManifestPlace } from './manifest-link.ts';
import type { ManifestTools } from './manifest-tools.ts';
import { findParent } from './parent-search.ts';

/** Raise the version when an old proof would come out differently today. */
export const manifestCheck: Check = {
  version: 'manifest/2',
  reusable: ['manifest/1'],
  judgedByEtag: ['manifest/1'],
};

/** Proves one link as far as possible without reading data. Throws storage errors. */
export async function proveManifest(tools: ManifestTools, place: ManifestPlace): Promise<ProvedLink<ManifestPlace>> {
  const { context } = tools;
  const read = (at: ManifestPlace) => tools.readings.read(at);
  const reading = await read(place);
  if (reading.kind === 'foreign') throw new TypeError(`${place.imagePath} has no manifest of this format`);
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
  const left = leaveHashes(context, place.imagePath, hashFilesOf([place, parent]));
  const { end } = inventory;
  if (end?.unreadHashes !== undefined) {
    // A plan reports everything that would be read.
    const { unreadHashes = [] } = left ?? {};
    return concludeAt('metadata', { ...end, unreadHashes: [...end.unreadHashes, ...unreadHashes] });
  }
  if (end !== null) return concludeAt('metadata', end);
  if (unreadParent !== null) return concludeAt('inventory', { fault: unreadParent });
  return concludeAt('inventory', left ?? (await proveLinkage(tools.hashes, link, parentLink)));
}

/** The block hashes of a link and its parent that are there. */
function hashFilesOf(places: readonly (ManifestPlace | null)[]): readonly UnreadObject[] {
  return places.flatMap((place) => {
    const hashes = place?.blockHashes ?? null;
    return place === null || hashes === null
      ? []
      : [{ bucketName: place.bucketName, key: hashes.key, bytes: hashes.size }];
  });
}

/**
 * The fault of a parent that could not be read. If it only could not be accessed or has moved, it need not be broken.
 */
function unreadParentFault({ header }: ManifestLink, { fault }: ManifestFinding): Fault {
  const detail = `parent ${header.parent?.backup_id}: ${fault?.detail ?? 'cannot be read'}`;
  const isOpen = fault !== null && (isOfAccess(fault.code) || fault.code === 'changed_while_read');
  return { code: isOpen ? fault.code : 'parent_broken', detail };
}

async function proveInventory(
  { context, listings }: ManifestTools,
  { place, objects, header }: ManifestLink,
): Promise<InventoryProof<ManifestPlace>> {
  const { blockHashes, imagePath } = place;
  if (blockHashes === null) {
    const fault: Fault = { code: 'object_missing', detail: `${imagePath}/${header.block_hashes.key}` };
    return endOfInventory({ fault, suspect: place });
  }
  if (blockHashes.size !== header.block_hashes.size) {
    const detail = `${blockHashes.key} has ${counted(blockHashes.size, 'byte')}, but must have ${header.block_hashes.size}`;
    return endOfInventory({ fault: { code: 'object_size_impossible', detail } });
  }
  const check = new InventoryCheck(imagePath, objects);
  if (!(await listings.visit(place, (file) => check.take(file)))) {
    const detail = `${imagePath} has changed since it was listed`;
    return endOfInventory({ fault: { code: 'changed_while_read', detail } });
  }
  const fault = check.finish();
  if (fault !== null) return endOfInventory(inventoryFinding(fault, place));
  const keyOf = (row: number) => `${imagePath}/${objects.keys.at(row)}`;
  return await settleEtags(context, { link: { ...place, backupId: header.backup.id }, tally: check.etags, keyOf });
}

function conclude(
  { context, provableMax }: ManifestTools,
  place: ManifestPlace,
  link: ManifestLink | null,
  parent: ManifestPlace | null,
  finding: ManifestFinding,
  { remark, awaitsData }: Pick<InventoryProof<ManifestPlace>, 'remark' | 'awaitsData'> = {
    remark: null,
    awaitsData: false,
  },
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
      form: !isRead ? null : listing.objectCount > provableMax ? tooManyObjectsForm : wholeForm,
      formatTime: isRead ? { atMs: Date.parse(link.header.backup.created_at), hasZone: true } : null,
      checkVersion: manifestCheck.version,
      read: isRead ? [manifest, blockHashes, parent?.manifest ?? null, parent?.blockHashes ?? null] : [manifest],
      remark,
      awaitsData,
    },
    finding,
  );
}

import { type ChainManifestHeader, chainManifestVersion } from '@backup-sync/contracts';
import { quote } from '../../../quote.ts';
import type { ChainContext } from '../../chain-context.ts';
import type { ManifestObjects } from '../../manifest-document/manifest-objects.ts';
import { type ManifestReading, readManifest } from '../../manifest-document/read-manifest.ts';
import { oneAhead } from '../../one-ahead.ts';
import type { PathListing } from '../../path-listings.ts';
import { isOfAccess } from '../../proof/lasting-fault.ts';
import type { Fault } from '../../proof/link.ts';
import { provableObjectsMax } from '../../proof/object-bound.ts';
import type { Finding } from '../../proof/proved-link.ts';
import { ReadFault, readListedObject } from '../../proof/read-fault.ts';
import { unreadableMetadata } from '../../proof/young-metadata.ts';

/** An image path with something of this format, and the id that the request or the child gives the backup. */
export type ManifestPlace = PathListing & { readonly backupId: string };

/** A listed backup whose manifest was read. */
export type ManifestLink = {
  readonly place: ManifestPlace;
  readonly header: ChainManifestHeader;
  readonly objects: ManifestObjects;
  readonly contentId: string;
};

export type ManifestFinding = Finding<ManifestPlace>;

/** The result of reading a place. `foreign`: there is a `manifest.json`, but not of this format. */
export type PlaceReading =
  | { readonly kind: 'link'; readonly link: ManifestLink }
  | { readonly kind: 'foreign' }
  | { readonly kind: 'unread'; readonly finding: ManifestFinding };

/** Whether anything of this format is there: the commit mark, or the block hashes, which a writer stores first. */
export function isManifestPlace({ manifest, blockHashes }: PathListing): boolean {
  return manifest !== null || blockHashes !== null;
}

/** Reads the manifest at a place, with the SHA-256 of each object or without. */
export async function readPlace(
  context: ChainContext,
  place: ManifestPlace,
  keepsSha256: boolean,
): Promise<PlaceReading> {
  const { imagePath, manifest, blockHashes } = place;
  try {
    const reading = await readManifestAt(context, place, keepsSha256);
    if (reading === null) {
      const fault: Fault = { code: 'incomplete', detail: `${imagePath}/manifest.json is not there` };
      return { kind: 'unread', finding: { fault, suspect: place } };
    }
    if (reading.kind === 'read') return { kind: 'link', link: { place, ...reading.manifest } };
    // A broken manifest counts as this format's only if it claims so, or is next to block hashes.
    if (!reading.claimsFormat && blockHashes === null) return { kind: 'foreign' };
    return { kind: 'unread', finding: { fault: unreadableFault(reading, place, context.nowMs()) } };
  } catch (error) {
    if (!(error instanceof ReadFault)) throw error;
    // An object that cannot be read and has no block hashes next to it is not known to be of this format.
    if (blockHashes === null) return { kind: 'foreign' };
    const level = isOfAccess(error.fault.code) ? 'presence' : null;
    const suspect = error.looksMissing && manifest !== null ? place : null;
    return { kind: 'unread', finding: { level, fault: error.fault, suspect } };
  }
}

/** Reads the manifest; null if there is none. Throws `ReadFault`, and storage errors. */
async function readManifestAt(
  { storage, signal }: ChainContext,
  { bucketName, manifest, listing }: PathListing,
  keepsSha256: boolean,
): Promise<ManifestReading | null> {
  if (manifest === null) return null;
  const request = { bucket: bucketName, key: manifest.key, signal, readsThrough: true };
  // One more object than was listed is enough to show that objects are missing.
  const objectsMax = Math.min(listing.objectCount + 1, provableObjectsMax);
  const bytes = oneAhead(await readListedObject(storage, request, manifest));
  return await readManifest(bytes, { objectsMax, keepsSha256 });
}

function unreadableFault(
  reading: Extract<ManifestReading, { kind: 'unreadable' }>,
  { manifest, imagePath }: PathListing,
  nowMs: number,
): Fault {
  const place = manifest?.key ?? imagePath;
  const { claimsFormat, version, truncated } = reading;
  if (claimsFormat && version !== null && version !== chainManifestVersion) {
    return { code: 'version_unsupported', detail: `${place} has version ${quote(version)}` };
  }
  return unreadableMetadata({ detail: `${place}: ${reading.detail}`, truncated }, manifest, nowMs);
}

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

/** An image path at which there is something of this format, and the id that the request or the child gives the backup. */
export type ManifestPlace = PathListing & { readonly backupId: string };

/** One backup whose manifest was read, as it was listed. */
export type ManifestLink = {
  readonly place: ManifestPlace;
  readonly header: ChainManifestHeader;
  readonly objects: ManifestObjects;
  readonly contentId: string;
};

export type ManifestFinding = Finding<ManifestPlace>;

/** What a place was read as. `foreign`: there is a `manifest.json`, and it is none of this format. */
export type PlaceReading =
  | { readonly kind: 'link'; readonly link: ManifestLink }
  | { readonly kind: 'foreign' }
  | { readonly kind: 'unread'; readonly finding: ManifestFinding };

/** Whether anything of this format lies there: the mark, or the hashes, which a writer puts there first. */
export function isManifestPlace({ manifest, blockHashes }: PathListing): boolean {
  return manifest !== null || blockHashes !== null;
}

/** Reads what lies at a place, with the objects' SHA-256 or without. */
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
    // Only what claims to be of this format, or lies beside its block hashes, is a broken manifest of it.
    if (!reading.claimsFormat && blockHashes === null) return { kind: 'foreign' };
    return { kind: 'unread', finding: { fault: unreadableFault(reading, place, context.nowMs()) } };
  } catch (error) {
    if (!(error instanceof ReadFault)) throw error;
    // What cannot be read, and has no block hashes beside it, is not known to be of this format.
    if (blockHashes === null) return { kind: 'foreign' };
    const level = isOfAccess(error.fault.code) ? 'presence' : null;
    const suspect = error.looksMissing && manifest !== null ? place : null;
    return { kind: 'unread', finding: { level, fault: error.fault, suspect } };
  }
}

/** Reads the manifest. Null where there is none. Throws `ReadFault`, and what storage throws. */
async function readManifestAt(
  { storage, signal }: ChainContext,
  { bucketName, manifest, listing }: PathListing,
  keepsSha256: boolean,
): Promise<ManifestReading | null> {
  if (manifest === null) return null;
  const request = { bucket: bucketName, key: manifest.key, signal, readsThrough: true };
  // One more than are listed shows that objects are missing.
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

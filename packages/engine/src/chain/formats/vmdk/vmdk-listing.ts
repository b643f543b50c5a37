import { createHash } from 'node:crypto';
import type { ObjectEntry } from '../../../storage/port.ts';
import type { BucketContext } from '../../chain-context.ts';
import { ListingDigest } from '../../listing-digest.ts';
import type { PathListings } from '../../path-listings.ts';
import type { Listing } from '../../proof/link.ts';
import { descriptorBytesMax, extentsMax } from '../../vmdk/descriptor.ts';
import { extentsPrefixOf, isExtentOf, parseVmdkPath } from './vmdk-path.ts';

/** The files of a disk as listed. */
export type VmdkPlace = {
  readonly bucketName: string;
  readonly imagePath: string;
  readonly listing: Listing;
  /** The listing without files that do not belong to the disk by their names. */
  readonly named: Listing;
  /** Keys of those files, as far as they are known. */
  readonly otherKeys: readonly string[];
  /** The descriptor, or the only file. */
  readonly entry: ObjectEntry;
  /** By key. */
  readonly extents: ReadonlyMap<string, ObjectEntry>;
};

/**
 * Lists a disk; null if nothing has this key. Costs a request, another if its file may be a descriptor, and one for each
 * other key.
 */
export async function listVmdk(
  context: BucketContext & { readonly listings: PathListings },
  look: 'at' | 'again',
  { bucketName, imagePath, otherKeys }: Pick<VmdkPlace, 'bucketName' | 'imagePath' | 'otherKeys'>,
): Promise<VmdkPlace | null> {
  const entry = (await context.listings[look](bucketName, imagePath))?.ownObject ?? null;
  if (entry === null) return null;
  const extents = new Map<string, ObjectEntry>();
  const digest = new ListingDigest();
  digest.add('', entry);
  if (mayHaveExtents(entry)) {
    for await (const extent of listExtents({ ...context, bucketName }, imagePath)) {
      digest.add(extent.key, extent);
      if (extents.size < extentsMax) extents.set(extent.key, extent);
    }
  }
  const others: ObjectEntry[] = [];
  for (const key of otherKeys) {
    const other = (await context.listings[look](bucketName, key))?.ownObject ?? null;
    if (other !== null) others.push(other);
  }
  const named = digest.finish();
  return { bucketName, imagePath, listing: withOthers(named, others), named, otherKeys, entry, extents };
}

/** The listing of a disk with the files that only its descriptor names. */
export function withOthers(named: Listing, others: readonly ObjectEntry[]): Listing {
  if (others.length === 0) return named;
  const digest = new ListingDigest();
  for (const entry of others) digest.add(entry.key, entry);
  const listing = digest.finish();
  const hashOf = (field: 'digest' | 'fingerprint') =>
    createHash('sha256').update(`${named[field]} ${listing[field]}`).digest('hex');
  return {
    digest: hashOf('digest'),
    fingerprint: hashOf('fingerprint'),
    objectCount: named.objectCount + listing.objectCount,
    storedBytes: named.storedBytes + listing.storedBytes,
    newestObjectAtMs: Math.max(named.newestObjectAtMs ?? 0, listing.newestObjectAtMs ?? 0),
  };
}

/** A file that is larger than any descriptor has its data in itself. */
export function mayHaveExtents({ size }: Pick<ObjectEntry, 'size'>): boolean {
  return size <= descriptorBytesMax;
}

/** Lists the files that belong to a disk by their names. */
export async function* listExtents(
  { storage, bucketName: bucket, signal }: BucketContext,
  imagePath: string,
): AsyncGenerator<ObjectEntry> {
  const path = parseVmdkPath(imagePath);
  if (path === null) return;
  for await (const page of storage.list({ bucket, prefix: extentsPrefixOf(path), signal })) {
    yield* page.filter(({ key }) => isExtentOf(path, key));
  }
}

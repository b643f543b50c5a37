import type { ObjectEntry } from '../../../storage/port.ts';
import type { BucketContext } from '../../chain-context.ts';
import { ListingDigest } from '../../listing-digest.ts';
import type { PathListings } from '../../path-listings.ts';
import type { Listing } from '../../proof/link.ts';
import { descriptorBytesMax, extentsMax } from '../../vmdk/descriptor.ts';
import { extentsPrefixOf, isExtentOf, parseVmdkPath } from './vmdk-path.ts';

/** The files of a disk as listed: those that belong to it by their names. */
export type VmdkPlace = {
  readonly bucketName: string;
  readonly imagePath: string;
  readonly listing: Listing;
  /** The descriptor, or the only file. */
  readonly entry: ObjectEntry;
  /** By key. */
  readonly extents: ReadonlyMap<string, ObjectEntry>;
};

/** Lists a disk; null if nothing has this key. Costs a request, and another if its file may be a descriptor. */
export async function listVmdk(
  context: BucketContext & { readonly listings: PathListings },
  look: 'at' | 'again',
  { bucketName, imagePath }: { readonly bucketName: string; readonly imagePath: string },
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
  return { bucketName, imagePath, listing: digest.finish(), entry, extents };
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

import { LRUCache } from 'lru-cache';
import { type ObjectEntry, StorageError } from '../../../storage/port.ts';
import type { BucketContext } from '../../chain-context.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import { readStart } from '../../read-range.ts';
import { beginsAsDescriptor, parseDescriptor } from '../../vmdk/descriptor.ts';
import { startBytes } from '../../vmdk/vmdk-image.ts';
import { parseVmdkPath } from './vmdk-path.ts';

/** Pages of the listing of a folder in which descriptors are looked for. */
const pagesMax = 10;
/** Files of a folder that are read. Larger ones than {@link startBytes} are not: such descriptors have many extents. */
const descriptorsMax = 64;
/** Folders whose descriptors are remembered. The files of a folder are asked for one after the other. */
const foldersMax = 16;

/** The disk that each extent belongs to, by key. */
type NamedExtents = ReadonlyMap<string, string>;

/** What the descriptors of a folder name, by folder, for as long as the context is in use. */
const known = new WeakMap<BucketContext, LRUCache<string, Promise<NamedExtents>>>();

/**
 * Finds the image path of a disk whose descriptor, next to this file, names it as an extent; null if none does. Costs a
 * LIST and up to {@link descriptorsMax} GETs, once for all files of a folder. Throws storage errors of the bucket.
 */
export async function findDiskWithExtent(context: BucketContext, key: string): Promise<string | null> {
  const folder = key.slice(0, key.lastIndexOf('/') + 1);
  const folders = known.get(context) ?? new LRUCache({ max: foldersMax });
  known.set(context, folders);
  const answer = folders.get(folder) ?? readFolder(context, folder);
  folders.set(folder, answer);
  answer.catch(() => folders.delete(folder));
  return (await answer).get(key) ?? null;
}

async function readFolder(context: BucketContext, folder: string): Promise<NamedExtents> {
  const named = new Map<string, string>();
  for (const entry of await listSmallDisks(context, folder)) {
    for (const fileName of await readFileNames(context, entry)) {
      const key = `${folder}${fileName}`;
      if (key !== entry.key) named.set(key, entry.key);
    }
  }
  return named;
}

/** Lists the disks of a folder whose files may be descriptors. */
async function listSmallDisks(
  { storage, bucketName: bucket, signal }: BucketContext,
  folder: string,
): Promise<readonly ObjectEntry[]> {
  const found: ObjectEntry[] = [];
  let pages = 0;
  for await (const page of storage.list({ bucket, prefix: folder, signal })) {
    const isSmall = ({ size }: ObjectEntry) => size > 0 && size <= startBytes;
    found.push(...page.filter((entry) => isSmall(entry) && parseVmdkPath(entry.key)?.folder === folder));
    pages += 1;
    if (pages === pagesMax || found.length >= descriptorsMax) break;
  }
  return found.slice(0, descriptorsMax);
}

/** The names of the files in a descriptor. What is no descriptor, is gone or may not be read names nothing. */
async function readFileNames(context: BucketContext, entry: ObjectEntry): Promise<readonly string[]> {
  try {
    const bytes = await readStart(context, entry, entry.size);
    const reading = beginsAsDescriptor(bytes) ? parseDescriptor(bytes) : null;
    const extents = reading?.kind === 'descriptor' ? reading.descriptor.extents : [];
    return extents.map(({ fileName }) => fileName).filter((name) => name !== null);
  } catch (error) {
    if (error instanceof ReadFault || (error instanceof StorageError && error.code === 'access_denied')) return [];
    throw error;
  }
}

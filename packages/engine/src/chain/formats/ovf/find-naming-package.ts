import { LRUCache } from 'lru-cache';
import { type ObjectEntry, StorageError } from '../../../storage/port.ts';
import type { BucketContext } from '../../chain-context.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import { readStart } from '../../read-range.ts';
import { parseDescriptorPath } from './ovf-path.ts';
import { mayBePart, storedPaths } from './package-names.ts';
import { descriptorBytesMax, readDescriptor } from './read-descriptor.ts';

/** Files about a package, which no descriptor references. */
const documentOfPackage = /^[^/]+\.(?:mf|cert)$/i;
/** Pages of a listing in which descriptors are looked for: of the file's own folder, and of the one above it. */
const pagesMax = [10, 1] as const;
/** Descriptors of one folder that are read. */
const descriptorsMax = 100;
/** Folders whose references are kept. The files of a folder are asked for one after the other. */
const foldersMax = 64;

/** What the descriptors of a folder reference. Paths are relative to the folder. */
type References = {
  readonly hasDescriptor: boolean;
  readonly paths: ReadonlySet<string>;
  readonly chunked: ReadonlySet<string>;
};

/** References that were read, by folder, for as long as their context is in use. */
const known = new WeakMap<BucketContext, LRUCache<string, Promise<References>>>();

/**
 * Finds the image path of a package whose descriptor references the object at this image path; null if none next to it,
 * or a folder above, does. Costs a LIST for each of the two folders, and a GET for each descriptor in them, once for all
 * their files. Throws storage errors of the bucket.
 */
export async function findNamingPackage(context: BucketContext, imagePath: string): Promise<string | null> {
  if (!mayBePart(imagePath)) return null;
  let folder = imagePath;
  for (const pages of pagesMax) {
    const slash = folder.lastIndexOf('/');
    if (slash <= 0) return null;
    folder = folder.slice(0, slash);
    if (names(await referencesOf(context, folder, pages), imagePath.slice(folder.length + 1))) return folder;
  }
  return null;
}

function names({ hasDescriptor, paths, chunked }: References, path: string): boolean {
  if (hasDescriptor && documentOfPackage.test(path)) return true;
  return paths.has(path) || chunked.has(path.replace(/\.\d{9}$/, ''));
}

function referencesOf(context: BucketContext, folder: string, pages: number): Promise<References> {
  const folders = known.get(context) ?? new LRUCache({ max: foldersMax });
  known.set(context, folders);
  const key = `${pages} ${folder}`;
  const references = folders.get(key) ?? readReferences(context, folder, pages);
  folders.set(key, references);
  references.catch(() => folders.delete(key));
  return references;
}

async function readReferences(context: BucketContext, folder: string, pages: number): Promise<References> {
  const paths = new Set<string>();
  const chunked = new Set<string>();
  const entries = await listDescriptors(context, folder, pages);
  for (const entry of entries) {
    for (const { href, chunkBytes } of await readFiles(context, entry)) {
      for (const path of storedPaths(href)) (chunkBytes === null ? paths : chunked).add(path);
    }
  }
  return { hasDescriptor: entries.length > 0, paths, chunked };
}

async function listDescriptors(
  { storage, bucketName, signal }: BucketContext,
  folder: string,
  pagesLeft: number,
): Promise<readonly ObjectEntry[]> {
  const found: ObjectEntry[] = [];
  let pages = 0;
  for await (const page of storage.list({ bucket: bucketName, prefix: `${folder}/`, signal })) {
    found.push(...page.filter(({ key }) => parseDescriptorPath(key)?.imagePath === folder));
    pages += 1;
    if (pages === pagesLeft || found.length >= descriptorsMax) break;
  }
  return found.slice(0, descriptorsMax);
}

/** A descriptor that makes no sense, is gone or may not be read references nothing. */
async function readFiles(context: BucketContext, entry: ObjectEntry) {
  if (entry.size <= 0 || entry.size > descriptorBytesMax) return [];
  try {
    const reading = await readDescriptor(entry.key, await readStart(context, entry, entry.size));
    return reading.kind === 'read' ? reading.descriptor.files : [];
  } catch (error) {
    if (error instanceof ReadFault || (error instanceof StorageError && error.code === 'access_denied')) return [];
    throw error;
  }
}

import { type ObjectEntry, StorageError } from '../../../storage/port.ts';
import type { BucketContext } from '../../chain-context.ts';
import type { PackageReferences } from '../../package-memory.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import { readStart } from '../../read-range.ts';
import { parseDescriptorPath } from './ovf-path.ts';
import { mayBePart, storedPaths } from './package-names.ts';
import { descriptorBytesMax, readDescriptor } from './read-descriptor.ts';

/** Files about a package, which no descriptor references. */
const documentOfPackage = /^[^/]+\.(?:mf|cert)$/i;
/**
 * Pages of a listing in which descriptors are looked for: of the file's own folder, and of those above it, the nearest
 * first. Others are not listed.
 */
const pagesMax = [10, 1, 1, 1, 1] as const;
/** Descriptors of one folder that are read. */
const descriptorsMax = 100;

/**
 * Finds the image path of a package whose descriptor references the object at this image path; null if none next to it,
 * or in one of the four folders above, does. Costs a LIST for each of these folders, and a GET for each descriptor in
 * them, unless the context remembers them. Throws storage errors of the bucket.
 *
 * `before` is the image path of a package that referenced the object before. It is asked, too, and counts as long as not
 * all of its descriptors can be seen.
 */
export async function findNamingPackage(
  context: BucketContext,
  imagePath: string,
  before: string | null = null,
): Promise<string | null> {
  if (!mayBePart(imagePath)) return null;
  let folder = imagePath;
  for (const pages of pagesMax) {
    const slash = folder.lastIndexOf('/');
    if (slash <= 0) break;
    folder = folder.slice(0, slash);
    if (names(await referencesOf(context, folder, pages), imagePath.slice(folder.length + 1))) return folder;
  }
  if (before === null || !imagePath.startsWith(`${before}/`)) return null;
  const references = await referencesOf(context, before, pagesMax[0]);
  const isNamed = references.isCut || names(references, imagePath.slice(before.length + 1));
  return isNamed ? before : null;
}

function names({ hasDescriptor, paths, chunked }: PackageReferences, path: string): boolean {
  if (hasDescriptor && documentOfPackage.test(path)) return true;
  return paths.has(path) || chunked.has(path.replace(/\.\d{9}$/, ''));
}

function referencesOf(context: BucketContext, folder: string, pages: number): Promise<PackageReferences> {
  const { storage, bucketName, packages } = context;
  const ask = () => readReferences(context, folder, pages);
  if (packages === undefined) return ask();
  const key = JSON.stringify([storage.id, bucketName, folder, pages]);
  return packages.memory.of(key, packages.notBeforeMs(), ask);
}

async function readReferences(context: BucketContext, folder: string, pages: number): Promise<PackageReferences> {
  const paths = new Set<string>();
  const chunked = new Set<string>();
  const { entries, isCut } = await listDescriptors(context, folder, pages);
  for (const entry of entries) {
    for (const { href, chunkBytes } of await readFiles(context, entry)) {
      for (const path of storedPaths(href)) (chunkBytes === null ? paths : chunked).add(path);
    }
  }
  return { hasDescriptor: entries.length > 0, isCut, paths, chunked };
}

async function listDescriptors(
  { storage, bucketName, signal }: BucketContext,
  folder: string,
  pagesLeft: number,
): Promise<{ readonly entries: readonly ObjectEntry[]; readonly isCut: boolean }> {
  const found: ObjectEntry[] = [];
  let pages = 0;
  let isCut = false;
  for await (const page of storage.list({ bucket: bucketName, prefix: `${folder}/`, signal })) {
    found.push(...page.filter(({ key }) => parseDescriptorPath(key)?.imagePath === folder));
    pages += 1;
    // More may follow, which is not asked for.
    isCut = pages === pagesLeft || found.length >= descriptorsMax;
    if (isCut) break;
  }
  return { entries: found.slice(0, descriptorsMax), isCut };
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

import { printable, quote } from '../../../quote.ts';
import type { ObjectEntry } from '../../../storage/port.ts';
import type { BucketContext } from '../../chain-context.ts';
import type { ImageSource } from '../../disk-image/image-source.ts';
import { type PathListing, type PathListings, packageFilesMax } from '../../path-listings.ts';
import type { Listing } from '../../proof/link.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import { readStart } from '../../read-range.ts';
import { baseName, isDocument, parseArchivePath, stemOfDescriptor } from './ovf-path.ts';
import { readArchive } from './read-archive.ts';

/** Files that writers of packages leave next to them. They are no remark. */
const knownCompany = /\.(?:iso|nvram|vmxf|vmx|txt|md5|sha1|sha256|sha512)$/i;
/** Maximum number of other files that a remark names. */
export const namedMax = 3;

/** What reading a package needs. */
export type PackageContext = BucketContext & { readonly listings: PathListings; readonly nowMs: () => number };

/** A stored file of a package: an object, or a member of an archive. */
export type StoredFile = ImageSource & {
  /** Whether the archive has it as a sparse file of GNU tar, which cannot be read. */
  readonly isSparse?: boolean;
};

/** The files that are stored for one or more packages, in a folder or in an archive. */
export type StoredFiles = {
  /**
   * By their paths relative to the descriptors: objects, or members of an archive. Those of a large folder are there once
   * they are kept.
   */
  readonly files: ReadonlyMap<string, StoredFile>;
  /** Paths of the descriptors. */
  readonly descriptors: readonly string[];
  /** Paths of the manifests and certificates next to them, by the path in lower case. */
  readonly documents: ReadonlyMap<string, string>;
  /** Reads a whole file of at most `most` bytes. Throws `ReadFault`, and storage errors. */
  readonly read: (path: string, file: StoredFile, most: number) => Promise<Uint8Array>;
  /**
   * Keeps the files with these paths, their parts, and what may be extents of them. Returns what was listed without the
   * folders of other packages, except for these files. Throws as `findStoredFiles` does.
   */
  readonly keep: (paths: ReadonlySet<string>) => Promise<Listing>;
  /** Whether a file is in a subfolder with another descriptor, and so belongs to another package. */
  readonly isOfAnother: (path: string) => boolean;
  /** The files that are not kept. */
  readonly others: { count: number; readonly first: string[] };
  /** Why the archive does not end as it should; null if it does. */
  readonly cut: string | null;
  /** What is unusual although nothing is wrong. */
  readonly remarks: readonly string[];
};

/**
 * Finds the files at an image path. Reads nothing of a folder, and the headers of an archive. Throws `ReadFault` if the
 * archive is none or the folder has changed, and storage errors.
 */
export async function findStoredFiles(context: PackageContext, place: PathListing): Promise<StoredFiles> {
  const isArchive = parseArchivePath(place.imagePath) !== null && place.ownObject !== null;
  return isArchive ? await findInArchive(context, place, place.ownObject) : await findInFolder(context, place);
}

async function findInFolder(context: PackageContext, place: PathListing): Promise<StoredFiles> {
  const files = new Map<string, StoredFile>();
  const others: StoredFiles['others'] = { count: 0, first: [] };
  const { packageFolders } = place;
  const isOfAnother = (path: string) => {
    for (let at = path.indexOf('/'); at !== -1 && packageFolders.size > 0; at = path.indexOf('/', at + 1)) {
      if (packageFolders.has(path.slice(0, at))) return true;
    }
    return false;
  };
  const visit = async (isKept: (path: string) => boolean, own: OwnObjects | null = null) => {
    const isSame = await context.listings.visitEntries(place, (relativeKey, entry) => {
      own?.add(relativeKey.slice(1), entry);
      if (relativeKey === '' || relativeKey.endsWith('/')) return;
      const path = relativeKey.slice(1);
      if (isKept(path)) files.set(path, { entry, start: 0, bytes: entry.size });
      else if (isOther(path) && !isOfAnother(path) && !files.has(path)) {
        others.count += 1;
        if (others.first.length < namedMax) others.first.push(path);
      }
    });
    if (!isSame) throw new ReadFault({ code: 'changed_while_read', detail: place.imagePath }, false);
  };
  // Of a large folder, the documents are known before it is listed again, for what they name.
  const isLarge = place.entries === null && place.packageFiles.length < packageFilesMax;
  if (!isLarge) await visit(() => true);
  else {
    for (const entry of place.packageFiles) {
      files.set(entry.key.slice(place.imagePath.length + 1), { entry, start: 0, bytes: entry.size });
    }
  }
  return {
    files,
    descriptors: [...files.keys()].filter(isDescriptor),
    documents: documentsIn(files),
    async read(path, { entry, bytes }, most) {
      refuseLarge(entry.key, path, bytes, most);
      // A listing may lie.
      return bytes <= 0 ? new Uint8Array() : await readStart(context, entry, bytes);
    },
    async keep(paths) {
      const isNamed = (path: string) => paths.has(path) || paths.has(path.replace(/\.\d{9}$/, ''));
      const folders = new Set([...paths].map(folderOf));
      const mayBeExtent = (path: string) => /\.vmdk$/i.test(path) && folders.has(folderOf(path));
      const own = new OwnObjects((path) => !isOfAnother(path) || isNamed(path));
      if (isLarge) await visit((path) => isNamed(path) || mayBeExtent(path), own);
      else if (packageFolders.size > 0) await visit(() => true, own);
      return packageFolders.size > 0 ? { ...place.listing, ...own.finish() } : place.listing;
    },
    isOfAnother,
    others,
    cut: null,
    remarks: [],
  };
}

/** Counts the objects of a package in a listing. */
class OwnObjects {
  readonly #isOwn: (path: string) => boolean;
  #objectCount = 0;
  #storedBytes = 0;
  #newestObjectAtMs: number | null = null;

  constructor(isOwn: (path: string) => boolean) {
    this.#isOwn = isOwn;
  }

  add(path: string, { size, modifiedAtMs }: ObjectEntry): void {
    if (!this.#isOwn(path)) return;
    this.#objectCount += 1;
    this.#storedBytes += size;
    this.#newestObjectAtMs = Math.max(this.#newestObjectAtMs ?? modifiedAtMs, modifiedAtMs);
  }

  finish(): Pick<Listing, 'objectCount' | 'storedBytes' | 'newestObjectAtMs'> {
    return {
      objectCount: this.#objectCount,
      storedBytes: this.#storedBytes,
      newestObjectAtMs: this.#newestObjectAtMs,
    };
  }
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

/** Whether a file that is not of a package deserves a remark. */
export function isOther(path: string): boolean {
  return !baseName(path).startsWith('.') && !knownCompany.test(path);
}

async function findInArchive(
  context: PackageContext,
  { listing }: PathListing,
  entry: ObjectEntry,
): Promise<StoredFiles> {
  const { members, replaced, window, cut, hasEnd } = await readArchive(context, entry);
  const folder = folderOfDescriptors(members.map(({ name }) => name));
  const files = new Map<string, StoredFile>();
  for (const { name, start, bytes, isSparse } of members) {
    if (name.startsWith(folder)) files.set(name.slice(folder.length), { entry, start, bytes, isSparse });
  }
  const descriptors = [...files.keys()].filter(isDescriptor);
  const isFirst = members[0] !== undefined && isDescriptor(members[0].name.slice(folder.length));
  const remarks: string[] = [];
  if (descriptors.length > 0 && !isFirst) remarks.push('the descriptor is not the first file of the archive');
  if (replaced.length > 0)
    remarks.push(`the archive has several members ${quote(replaced[0] ?? '')}; the last one counts`);
  if (cut === null && !hasEnd) remarks.push('the archive does not end with two empty blocks');
  return {
    files,
    descriptors,
    documents: documentsIn(files),
    async read(path, file, most) {
      const { start, bytes } = file;
      refuseSparse(path, file);
      refuseLarge(entry.key, path, bytes, most);
      return await window.read(start, start + bytes, bytes);
    },
    keep: async () => listing,
    isOfAnother: () => false,
    others: { count: 0, first: [] },
    cut,
    remarks,
  };
}

/** The folder of the descriptor in an archive, with "/" at the end: empty, unless a whole folder was packed. */
function folderOfDescriptors(names: readonly string[]): string {
  const folders = names
    .filter((name) => stemOfDescriptor(name) !== null)
    .map((name) => name.slice(0, name.lastIndexOf('/') + 1));
  return folders.toSorted((one, other) => depthOf(one) - depthOf(other))[0] ?? '';
}

function depthOf(folder: string): number {
  return folder.split('/').length;
}

function isDescriptor(path: string): boolean {
  return !path.includes('/') && stemOfDescriptor(path) !== null;
}

function documentsIn(files: ReadonlyMap<string, StoredFile>): ReadonlyMap<string, string> {
  const paths = [...files.keys()].filter(isDocument);
  // The first of several names that differ in case alone.
  return new Map(paths.toReversed().map((path) => [path.toLowerCase(), path]));
}

/** Refuses a file that the package needs. Throws `ReadFault`. */
export function refuseSparse(path: string, { entry, isSparse = false }: StoredFile): void {
  if (!isSparse) return;
  const detail = `${entry.key} has ${printable(path)} as a sparse file of GNU tar, which this release does not read`;
  throw new ReadFault({ code: 'version_unsupported', detail }, false);
}

function refuseLarge(key: string, path: string, bytes: number, most: number): void {
  if (bytes <= most) return;
  const detail = `${key}: ${path} has ${bytes} bytes, more than the ${most} that are read`;
  throw new ReadFault({ code: 'metadata_unreadable', detail }, false);
}

import { counted } from '@backup-sync/contracts';
import { quote } from '../../../quote.ts';
import type { Fault } from '../../proof/link.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import type { ExtentFinder } from '../../vmdk/place-extents.ts';
import { readVmdkImage, type VmdkContext, type VmdkImage } from '../../vmdk/vmdk-image.ts';
import { proveStructure } from '../../vmdk/vmdk-structure.ts';
import type { Capacity, DescribedDisk } from './descriptor.ts';
import { baseName } from './ovf-path.ts';
import type { PackageSet } from './package-set.ts';
import type { OvfPackage, PackageFile } from './read-package.ts';
import { refuseSparse, type StoredFiles } from './stored-package.ts';

/** Bytes of the unit in which disks are stored. A capacity may be less by a part of one. */
const sectorBytes = 512;

/** What reading the structure of disks found. */
export type DiskStructures = {
  /** Paths of the files whose structure shows whether they are whole. */
  readonly structured: ReadonlySet<string>;
  /** Paths of the files that the descriptors of disks name. The one of the package need not reference them. */
  readonly extents: ReadonlySet<string>;
  readonly fault: Fault | null;
  /** Whether an object was listed, but not found. */
  readonly looksMissing: boolean;
  /** Why the structure of other VMDK files does not show that, by their paths. */
  readonly unread: ReadonlyMap<string, string>;
  /** Why a disk is not proved against its parent, although nothing is wrong; null if all are. */
  readonly limit: string | null;
};

/** The disks of a package with their files: null for an empty disk. */
export function disksOf({ descriptor, filesById }: OvfPackage): readonly {
  readonly disk: DescribedDisk;
  readonly file: PackageFile | null;
}[] {
  return descriptor.disks.map((disk) => ({
    disk,
    file: disk.fileId === null ? null : (filesById.get(disk.fileId) ?? null),
  }));
}

/**
 * Proves the structure of the disks: each has the capacity that the descriptor says, all of its tables are in its file,
 * and it builds on the content that its parent has. Throws storage errors.
 */
export async function proveDisks(context: VmdkContext, { packages, stored }: PackageSet): Promise<DiskStructures> {
  const structured = new Set<string>();
  const extents = new Set<string>();
  const unread = new Map<string, string>();
  const limits: string[] = [];
  const proved = new Map<string, VmdkImage>();
  const conclude = (fault: Fault | null, looksMissing = false) => ({
    ...{ structured, extents, unread, fault, looksMissing },
    limit: fault === null ? (limits[0] ?? null) : null,
  });
  for (const each of packages) {
    const images = new Map<string, VmdkImage>();
    for (const { disk, file } of disksOf(each)) {
      if (file === null || !isVmdk(disk, file)) continue;
      try {
        const image = await proveDisk(context, { stored, proved }, disk, file);
        if (image.limit === null) structured.add(file.path);
        else unread.set(file.path, image.limit);
        images.set(disk.id, image);
        for (const each of extentPathsOf(image, file.path)) extents.add(each);
      } catch (error) {
        if (!(error instanceof ReadFault)) throw error;
        const { looksMissing, fault } = error;
        return conclude({ ...fault, detail: withPath(file.path, fault.detail) }, looksMissing);
      }
    }
    for (const { disk } of disksOf(each)) {
      const { fault, limit } = compareWithParent(disk, images);
      if (fault !== null) return conclude(fault);
      if (limit !== null) limits.push(limit);
    }
  }
  return conclude(null);
}

/** Other formats are recognised by their names, and compressed disks cannot be read in ranges. */
export function isVmdk({ format }: DescribedDisk, { path, file }: PackageFile): boolean {
  if (file?.isCompressed !== false || file.chunkBytes !== null) return false;
  return format === null ? /\.vmdk$/i.test(path) : /vmdk/i.test(format);
}

/** Proves the file of a disk only once, however many disks have it. `proved` has the images by their paths. */
async function proveDisk(
  context: VmdkContext,
  files: { readonly stored: StoredFiles; readonly proved: Map<string, VmdkImage> },
  { id, capacity }: DescribedDisk,
  { path, stored }: PackageFile,
): Promise<VmdkImage> {
  if (stored === null) throw new ReadFault({ code: 'object_missing', detail: path }, false);
  const known = files.proved.get(path);
  const image = known ?? (await readVmdkImage(context, stored));
  const { volumeBytes } = image;
  if (capacity !== null && !isOfCapacity(volumeBytes, capacity)) {
    const detail = `${path} has a disk of ${counted(volumeBytes, 'byte')}, but disk ${quote(id)} has ${capacity.bytes}`;
    throw new ReadFault({ code: 'geometry', detail }, false);
  }
  if (known !== undefined) return known;
  const { fault, looksMissing } = await proveStructure(context, image, {
    find: extentFinder(files.stored, path),
    upTo: 'linkage',
  });
  if (fault !== null) throw new ReadFault(fault, looksMissing);
  files.proved.set(path, image);
  return image;
}

/** Finds the files of a disk next to the one that the descriptor of the package references. Throws `ReadFault`. */
export function extentFinder({ files }: StoredFiles, path: string): ExtentFinder {
  return async (name) => {
    const extent = extentPath(path, name);
    const file = files.get(extent) ?? null;
    if (file !== null) refuseSparse(extent, file);
    return file;
  };
}

function extentPath(path: string, name: string): string {
  return `${path.slice(0, path.length - baseName(path).length)}${name}`;
}

/** A disk with a header stores its only extent itself. */
function extentPathsOf({ header, descriptor }: VmdkImage, path: string): readonly string[] {
  if (header !== null) return [];
  return descriptor.extents.flatMap(({ fileName }) => (fileName === null ? [] : [extentPath(path, fileName)]));
}

/** Writers round to whole units, and disks have whole sectors. */
function isOfCapacity(volumeBytes: number, { bytes, unitBytes }: Capacity): boolean {
  return Math.abs(volumeBytes - bytes) < Math.max(unitBytes, sectorBytes) || volumeBytes === bytes;
}

/**
 * Compares a disk with the one that it builds on. The id of a content changes when a disk is opened and written to, so
 * that another id does not prove another content.
 */
function compareWithParent(
  { id, parentId }: DescribedDisk,
  images: ReadonlyMap<string, VmdkImage>,
): { readonly fault: Fault | null; readonly limit: string | null } {
  const needed = images.get(id)?.descriptor.parentContentId ?? null;
  if (parentId === null && needed === null) return { fault: null, limit: null };
  const name = quote(id);
  if (parentId === null) {
    const detail = `disk ${name} builds on another disk, which the package does not have`;
    return { fault: { code: 'parent_missing', detail }, limit: null };
  }
  const parent = images.get(parentId);
  if (!images.has(id) || parent === undefined) {
    return { fault: null, limit: `whether disk ${name} builds on ${quote(parentId)} as it is stored cannot be seen` };
  }
  if (needed === parent.descriptor.contentId) return { fault: null, limit: null };
  return {
    fault: null,
    limit: `disk ${name} was made on another content of disk ${quote(parentId)} than the one that is stored`,
  };
}

/** Messages about an archive do not say which of its files they are about. */
function withPath(path: string, detail: string): string {
  return detail.includes(path) ? detail : `${path}: ${detail}`;
}

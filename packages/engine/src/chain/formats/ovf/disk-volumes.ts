import type { NamedVolume, VolumeData, VolumeLink } from '../../data.ts';
import type { ImageSource } from '../../disk-image/image-source.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import type { PlacedExtent } from '../../vmdk/place-extents.ts';
import { readStoredGrains } from '../../vmdk/stored-grains.ts';
import { readVmdkImage, type VmdkContext, type VmdkImage } from '../../vmdk/vmdk-image.ts';
import { proveStructure } from '../../vmdk/vmdk-structure.ts';
import type { DescribedDisk } from './descriptor.ts';
import { disksOf, extentFinder, isVmdk } from './disk-structures.ts';
import type { PackageSet } from './package-set.ts';
import type { StoredFiles } from './stored-package.ts';

/** Maximum number of disks that build on each other. */
const chainDisksMax = 1000;

/** A file of a disk whose structure is whole. */
type OpenFile = { readonly path: string; readonly image: VmdkImage; readonly extents: readonly PlacedExtent[] };

/** A disk that can be expanded, if all that it builds on can. */
type OpenDisk = OpenFile & { readonly disk: DescribedDisk };

/**
 * Opens the disks of packages that can be expanded: VMDK files in one piece, each with the disks that it builds on.
 * Empty disks are left out. Throws `ReadFault`, and storage errors.
 */
export async function openDisks(
  context: VmdkContext,
  common: Pick<VolumeLink, 'backupId' | 'location'>,
  { packages, stored }: PackageSet,
): Promise<readonly NamedVolume[]> {
  const named: NamedVolume[] = [];
  const openFiles = new Map<string, OpenFile>();
  const volumes = new Map<string, VolumeData>();
  for (const each of packages) {
    const open = new Map<string, OpenDisk>();
    for (const { disk, file } of disksOf(each)) {
      if (file === null || file.stored === null || !isVmdk(disk, file)) continue;
      const { path } = file;
      const opened = openFiles.get(path) ?? (await openFile(context, stored, { path, source: file.stored }));
      openFiles.set(path, opened);
      if (opened.image.limit === null) open.set(disk.id, { ...opened, disk });
    }
    for (const id of open.keys()) {
      const chain = chainOf(id, open);
      if (chain === undefined) continue;
      // Disks of the same files are one volume, so that it is expanded once.
      const key = JSON.stringify(chain.map(({ path }) => path));
      const links = chain.map(({ image, extents }) => ({
        ...{ ...common, blocks: null, volumeBytes: image.volumeBytes },
        objects: () => readStoredGrains(context, image, extents),
      }));
      const volume = volumes.get(key) ?? { links, holesAreZeros: true };
      volumes.set(key, volume);
      named.push({ disk: packages.length === 1 ? id : `${each.name}/${id}`, volume });
    }
  }
  return named;
}

async function openFile(
  context: VmdkContext,
  stored: StoredFiles,
  { path, source }: { readonly path: string; readonly source: ImageSource },
): Promise<OpenFile> {
  const image = await readVmdkImage(context, source);
  const find = extentFinder(stored, path);
  const { extents, fault, looksMissing } = await proveStructure(context, image, { find, upTo: 'inventory' });
  if (fault !== null) throw new ReadFault(fault, looksMissing);
  return { path, image, extents };
}

/** The disks that one consists of, the lowest first. Undefined if one of them is not stored as it was built on. */
function chainOf(id: string, open: ReadonlyMap<string, OpenDisk>): readonly OpenDisk[] | undefined {
  const chain: OpenDisk[] = [];
  let next: string | null = id;
  let needed: number | null = null;
  while (next !== null) {
    const found: OpenDisk | undefined = open.get(next);
    const isAsNeeded = needed === null || found?.image.descriptor.contentId === needed;
    if (found === undefined || !isAsNeeded || chain.length === chainDisksMax) return undefined;
    chain.unshift(found);
    needed = found.image.descriptor.parentContentId;
    next = found.disk.parentId;
    if ((next === null) !== (needed === null)) return undefined;
  }
  return chain;
}

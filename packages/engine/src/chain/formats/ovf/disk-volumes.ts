import type { NamedVolume, VolumeLink } from '../../data.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import type { PlacedExtent } from '../../vmdk/place-extents.ts';
import { readStoredGrains } from '../../vmdk/stored-grains.ts';
import { readVmdkImage, type VmdkContext, type VmdkImage } from '../../vmdk/vmdk-image.ts';
import { proveStructure } from '../../vmdk/vmdk-structure.ts';
import type { DescribedDisk } from './descriptor.ts';
import { disksOf, extentFinder, isVmdk } from './disk-structures.ts';
import type { PackageSet } from './package-set.ts';

/** Maximum number of disks that build on each other. */
const chainDisksMax = 1000;

/** A disk that can be expanded, if all that it builds on can. */
type OpenDisk = { readonly disk: DescribedDisk; readonly image: VmdkImage; readonly extents: readonly PlacedExtent[] };

/**
 * Opens the disks of packages that can be expanded: VMDK files in one piece, each with the disks that it builds on.
 * Empty disks are left out. Throws `ReadFault`, and storage errors.
 */
export async function openDisks(
  context: VmdkContext,
  common: Pick<VolumeLink, 'backupId' | 'location'>,
  { packages, stored }: PackageSet,
): Promise<readonly NamedVolume[]> {
  const volumes: NamedVolume[] = [];
  for (const each of packages) {
    const open = new Map<string, OpenDisk>();
    for (const { disk, file } of disksOf(each)) {
      if (file === null || file.stored === null || !isVmdk(disk, file)) continue;
      const image = await readVmdkImage(context, file.stored);
      const find = extentFinder(stored, file.path);
      const { extents, fault, looksMissing } = await proveStructure(context, image, { find, upTo: 'inventory' });
      if (fault !== null) throw new ReadFault(fault, looksMissing);
      if (image.limit === null) open.set(disk.id, { disk, image, extents });
    }
    for (const id of open.keys()) {
      const links = chainOf(id, open)?.map(({ image, extents }) => ({
        ...{ ...common, blocks: null, volumeBytes: image.volumeBytes },
        objects: () => readStoredGrains(context, image, extents),
      }));
      const name = packages.length === 1 ? id : `${each.name}/${id}`;
      if (links !== undefined) volumes.push({ disk: name, volume: { links, holesAreZeros: true } });
    }
  }
  return volumes;
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

import { counted } from '@backup-sync/contracts';
import { printable } from '../../quote.ts';
import type { NamedVolume, VolumeData } from '../data.ts';
import type { Fault } from '../proof/link.ts';
import { orFault } from '../proof/read-fault.ts';

/**
 * Most bytes of all volumes that no link stores, for them to be expanded. Hashing that many zeros takes about 10 hours.
 * A hostile image of a few bytes could claim a million times more, occupy a worker for months, or fill a disk.
 */
const unstoredBytesMax = 16 * 1024 ** 4;

/**
 * Why volumes are too large to be expanded for what is stored of them; null if they are not. A volume that several disks
 * have is expanded once, and counts once. Throws `StorageError`.
 */
export async function limitOfExpansion(
  disks: readonly NamedVolume[],
): Promise<string | { readonly fault: Fault } | null> {
  const distinct = new Map(disks.map((named) => [named.volume, named]));
  let bytes = 0;
  for (const volume of distinct.keys()) bytes += sizeOf(volume);
  // Reading what is stored has a cost.
  if (bytes <= unstoredBytesMax) return null;
  for (const [volume, named] of distinct) {
    const stored = await orFault(storedBytesOf(volume));
    if (typeof stored !== 'number') return { fault: faultOfDisk(named, stored.fault) };
    // Links may store the same bytes again, which says nothing about another volume.
    bytes -= Math.min(stored, sizeOf(volume));
  }
  if (bytes <= unstoredBytesMax) return null;
  const [first] = disks;
  const one = first?.disk == null ? 'its volume' : `disk ${printable(first.disk)}`;
  const [what, them] =
    disks.length === 1 ? [`${one} was`, 'it'] : [`its ${counted(disks.length, 'disk')} were`, 'them'];
  return `${what} not expanded, since nothing stores more than ${counted(unstoredBytesMax, 'byte')} of ${them}`;
}

/** A fault of the volume of a disk, which names the disk if there may be several. */
export function faultOfDisk({ disk }: NamedVolume, fault: Fault): Fault {
  return disk === null ? fault : { ...fault, detail: `disk ${printable(disk)}: ${fault.detail}` };
}

function sizeOf({ links }: VolumeData): number {
  return links.at(-1)?.volumeBytes ?? 0;
}

/** The number of bytes that links store, at most: some may store the same again. */
async function storedBytesOf({ links }: VolumeData): Promise<number> {
  let bytes = 0;
  for (const link of links) {
    for await (const batch of link.objects()) {
      for (const { key, length } of batch) if (key !== null) bytes += length;
    }
  }
  return bytes;
}

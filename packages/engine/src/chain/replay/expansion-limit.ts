import { counted } from '@backup-sync/contracts';
import { printable } from '../../quote.ts';
import type { NamedVolume } from '../data.ts';

/**
 * Most bytes of a volume that no link stores, for it to be expanded. Hashing that many zeros takes about 10 hours. A
 * hostile image of a few bytes could claim a million times more, occupy a worker for months, or fill a disk.
 */
const unstoredBytesMax = 16 * 1024 ** 4;

/**
 * Why a volume is too large to be expanded for what is stored of it; null if it is not. Throws `ReadFault` and
 * `StorageError`.
 */
export async function limitOfExpansion(named: NamedVolume): Promise<string | null> {
  if ((await unstoredBytesOf(named)) <= unstoredBytesMax) return null;
  const what = named.disk === null ? 'its volume' : `disk ${printable(named.disk)}`;
  return `${what} was not expanded, since nothing stores more than ${counted(unstoredBytesMax, 'byte')} of it`;
}

/** The number of bytes of a volume that no link stores, at least. Counts stored bytes only if there may be too many. */
async function unstoredBytesOf({ volume: { links } }: NamedVolume): Promise<number> {
  let bytes = links.at(-1)?.volumeBytes ?? 0;
  if (bytes <= unstoredBytesMax) return 0;
  for (const link of links) {
    for await (const batch of link.objects()) {
      for (const { key, length } of batch) if (key !== null) bytes -= length;
    }
  }
  return bytes;
}

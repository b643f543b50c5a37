import type { ObjectEntry } from '../../storage/port.ts';
import type { ImageContext, WholeImage } from '../disk-image/whole-image.ts';
import { ReadFault } from '../proof/read-fault.ts';
import { placeExtents } from './place-extents.ts';
import { sectorBytes } from './sparse-header.ts';
import { readStoredGrains } from './stored-grains.ts';
import { readVmdkImage } from './vmdk-image.ts';

/**
 * Opens a disk of one file that needs no parent. Throws `ReadFault` if it is none, or cannot be read, and storage
 * errors.
 */
export async function openWholeDisk(context: ImageContext, entry: ObjectEntry): Promise<WholeImage> {
  const source = { entry, start: 0, bytes: entry.size };
  const image = await readVmdkImage(context, source);
  const refusal = (why: string) => new ReadFault({ code: 'geometry', detail: `${entry.key}: ${why}` }, false);
  if (image.header === null) throw refusal('its data is in other files');
  if (image.descriptor.parentContentId !== null) throw refusal('it needs its parent');
  const extents = await placeExtents(context, image, async () => null);
  return {
    source,
    size: image.volumeBytes,
    alignment: image.header.grainSectors * sectorBytes,
    objects: (reading) => readStoredGrains(reading, image, extents),
  };
}

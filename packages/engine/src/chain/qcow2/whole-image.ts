import type { ObjectEntry } from '../../storage/port.ts';
import type { StoredObject, ZeroRun } from '../data.ts';
import { joinRuns } from '../disk-image/stored-runs.ts';
import type { WholeImage } from '../disk-image/whole-image.ts';
import { readHeader, readHeaderStart } from './read-header.ts';
import { geometry, type Qcow2Image, readFirstLevel, readRuns, subclusters, type TableContext } from './tables.ts';

/**
 * Opens an image that gives its disk without any other file. Throws `ReadFault` if it needs one or is encrypted, and
 * storage errors.
 */
export async function openWholeImage(context: TableContext, entry: ObjectEntry): Promise<WholeImage> {
  const source = { entry, start: 0, bytes: entry.size };
  const header = await readHeader(context, entry, await readHeaderStart(context, entry));
  if (header.backingName !== null) throw geometry(source, 'it needs a backing file');
  if (header.hasExternalData) throw geometry(source, 'its data is in another file');
  if (header.isEncrypted) throw geometry(source, 'it is encrypted');
  const { size, hasSubclusters, clusterBytes } = header;
  const alignment = hasSubclusters ? clusterBytes / subclusters : clusterBytes;
  return { source, size, alignment, objects: (reading) => objectsOfImage(reading, { source, header }) };
}

/** The parts of an image that the disk consists of. All other bytes of the disk are zeros, or of the backing file. */
export async function* objectsOfImage(
  context: TableContext,
  image: Qcow2Image,
): AsyncGenerator<readonly (StoredObject | ZeroRun)[]> {
  const runs = readRuns(context, image, await readFirstLevel(context, image), null);
  yield* joinRuns(image.source, image.header.frames, runs);
}

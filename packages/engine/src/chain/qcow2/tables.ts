import { counted } from '@backup-sync/contracts';
import type { BucketContext } from '../chain-context.ts';
import { type ImageSource, readImageRange } from '../disk-image/image-source.ts';
import { readPlaces } from '../disk-image/read-places.ts';
import type { ImageRun } from '../disk-image/stored-runs.ts';
import { ReadFault } from '../proof/read-fault.ts';
import { isYoung } from '../proof/young-metadata.ts';
import { entryBytes, type Qcow2Header } from './header.ts';
import type { UsedClusters } from './used-clusters.ts';

/** What is needed to read tables. */
export type TableContext = BucketContext & { readonly nowMs: () => number };

/** An image whose header is read. */
export type Qcow2Image = { readonly source: ImageSource; readonly header: Qcow2Header };

const word = 2 ** 32;
/** Bits of the upper half of an entry. */
const claimed = 0x8000_0000;
const compressed = 0x4000_0000;
const offsetUpper = 0x00ff_ffff;
const reservedUpper = 0x3f00_0000;
/** Bits of the lower half of an entry. */
const zero = 1;
const reservedLower = 0x1fe;
const sectorBytes = 512;
/** Parts of a cluster, in images with subclusters. */
export const subclusters = 32;

/** Reads the first-level table as far as the disk needs it. Throws `ReadFault`, and storage errors. */
export async function readFirstLevel(context: TableContext, image: Qcow2Image): Promise<DataView> {
  const { source, header } = image;
  const end = header.l1Offset + header.l1Entries * entryBytes;
  if (end > source.bytes) throw truncated(context, source, `its first-level table ends at byte ${end}`);
  if (header.l1Entries === 0) return new DataView(new ArrayBuffer(0));
  return viewOf(await readImageRange(context, source, { start: header.l1Offset, end }));
}

/** Number of bytes of the second-level tables. */
export function secondLevelBytes({ header }: Qcow2Image, firstLevel: DataView): number {
  let tables = 0;
  for (let at = 0; at < firstLevel.byteLength; at += entryBytes) if (isPresent(firstLevel, at)) tables += 1;
  return tables * header.clusterBytes;
}

/**
 * Yields the runs of the disk that the image stores or declares to be zeros, in the order of the disk, a table at a time.
 * Checks every entry, and with `used` also that no cluster is used twice. Throws `ReadFault`, and storage errors.
 */
export async function* readRuns(
  context: TableContext,
  image: Qcow2Image,
  firstLevel: DataView,
  used: UsedClusters | null,
): AsyncGenerator<Generator<ImageRun>> {
  const { header, source } = image;
  const tableEntries = header.clusterBytes / (header.hasSubclusters ? 2 * entryBytes : entryBytes);
  const places = placesOf(context, image, firstLevel, used);
  for await (const { place, bytes } of readPlaces(places, (range) => readImageRange(context, source, range))) {
    const offset = place.entry * tableEntries * header.clusterBytes;
    yield runsOfTable(context, image, { entries: viewOf(bytes), offset }, used);
  }
}

/** Where the second-level tables are, each with the number of its entry. */
function* placesOf(
  context: TableContext,
  { header, source }: Qcow2Image,
  firstLevel: DataView,
  used: UsedClusters | null,
): Generator<{ readonly entry: number; readonly start: number; readonly end: number }> {
  for (let at = 0; at < firstLevel.byteLength; at += entryBytes) {
    if (!isPresent(firstLevel, at)) continue;
    const [upper, lower] = [firstLevel.getUint32(at), firstLevel.getUint32(at + 4)];
    const entry = at / entryBytes;
    const what = `second-level table ${entry}`;
    const start = (upper & offsetUpper) * word + lower;
    const end = start + header.clusterBytes;
    const isPossible = (upper & ~(offsetUpper | claimed)) === 0 && start % header.clusterBytes === 0 && start > 0;
    if (!isPossible) throw geometry(source, `${what} has an impossible entry`);
    if (end > source.bytes) throw truncated(context, source, `${what} ends at byte ${end}`);
    // A table is never shared, not even by snapshots of which one is the present state.
    if (used?.add(start, end, true) === false) throw geometry(source, `${what} is where something else is`);
    yield { entry, start, end };
  }
}

function isPresent(firstLevel: DataView, at: number): boolean {
  return (firstLevel.getUint32(at) & ~claimed) !== 0 || firstLevel.getUint32(at + 4) !== 0;
}

type SecondLevel = { readonly entries: DataView; readonly offset: number };

function* runsOfTable(
  context: TableContext,
  image: Qcow2Image,
  { entries, offset: first }: SecondLevel,
  used: UsedClusters | null,
): Generator<ImageRun> {
  const { clusterBytes, size, hasSubclusters } = image.header;
  const step = hasSubclusters ? 2 * entryBytes : entryBytes;
  for (let at = 0, offset = first; at < entries.byteLength && offset < size; at += step, offset += clusterBytes) {
    const [upper, lower] = [entries.getUint32(at), entries.getUint32(at + 4)];
    const bitmaps = hasSubclusters ? [entries.getUint32(at + 8), entries.getUint32(at + 12)] : null;
    if ((upper | lower) === 0 && bitmaps?.every((bits) => bits === 0) !== false) continue;
    const run = { offset, length: Math.min(clusterBytes, size - offset) };
    if ((upper & compressed) !== 0) {
      yield frameOf(context, image, run, upper, lower, used);
      continue;
    }
    const host = hostOf(image, offset, upper, lower, hasSubclusters);
    if (host > 0 && used?.add(host, host + clusterBytes, (upper & claimed) !== 0) === false) {
      throw geometry(image.source, `the cluster of byte ${offset} is where something else is`);
    }
    if (bitmaps !== null) yield* partsOf(context, image, run, host, bitmaps);
    else if ((lower & zero) !== 0) yield { ...run, kind: 'zeros' };
    else if (host > 0) yield storedAt(context, image, run, host);
  }
}

/** Where the cluster is; 0 if it is not stored. */
function hostOf(
  { header, source }: Qcow2Image,
  offset: number,
  upper: number,
  lower: number,
  hasSubclusters: boolean,
): number {
  // Zeros are declared by a bit, or by the bitmap of subclusters. Version 2 has neither.
  const mayBeZero = header.version === 3 && !hasSubclusters;
  const reserved = mayBeZero ? reservedLower : reservedLower | zero;
  const host = (upper & offsetUpper) * word + lower - (lower % sectorBytes);
  if ((upper & reservedUpper) !== 0 || (lower & reserved) !== 0 || host % header.clusterBytes !== 0) {
    throw geometry(source, `the entry of byte ${offset} of the disk is impossible`);
  }
  return host;
}

function storedAt(
  context: TableContext,
  { source }: Qcow2Image,
  run: Pick<ImageRun, 'offset' | 'length'>,
  at: number,
): ImageRun {
  const end = at + run.length;
  if (end > source.bytes)
    throw truncated(context, source, `what is at byte ${run.offset} of the disk ends at byte ${end}`);
  return { ...run, kind: 'stored', at };
}

/** A compressed cluster. Its end is known only to a sector. */
function frameOf(
  context: TableContext,
  { header, source }: Qcow2Image,
  run: Pick<ImageRun, 'offset' | 'length'>,
  upper: number,
  lower: number,
  used: UsedClusters | null,
): ImageRun {
  // Number of bits of the offset in the upper half.
  const bits = 62 - (header.clusterBits - 8) - 32;
  const at = (upper & (2 ** bits - 1)) * word + lower;
  const sectors = ((upper & 0x3fff_ffff) >>> bits) + 1;
  const sectorsEnd = at - (at % sectorBytes) + sectors * sectorBytes;
  // QEMU need not fill the last sector of the file that it writes to.
  const lastSectorEnd = Math.ceil(source.bytes / sectorBytes) * sectorBytes;
  if (at >= source.bytes || sectorsEnd > lastSectorEnd)
    throw truncated(context, source, `what is at byte ${run.offset} of the disk ends at byte ${sectorsEnd}`);
  const end = Math.min(sectorsEnd, source.bytes);
  if (used?.add(at, end, false) === false) {
    throw geometry(source, `the compressed cluster of byte ${run.offset} is where something else is`);
  }
  return { ...run, kind: 'frame', at, end };
}

/** The parts of a cluster that are stored or zeros. All others are of the backing file. */
function* partsOf(
  context: TableContext,
  image: Qcow2Image,
  run: Pick<ImageRun, 'offset' | 'length'>,
  host: number,
  [zeros = 0, stored = 0]: readonly number[],
): Generator<ImageRun> {
  if ((zeros & stored) !== 0 || (stored !== 0 && host === 0)) {
    throw geometry(image.source, `the entry of byte ${run.offset} of the disk contradicts itself`);
  }
  const partBytes = image.header.clusterBytes / subclusters;
  for (let part = 0; part < subclusters && part * partBytes < run.length; part += 1) {
    const offset = run.offset + part * partBytes;
    const length = Math.min(partBytes, run.length - part * partBytes);
    const bit = 1 << part;
    if ((zeros & bit) !== 0) yield { kind: 'zeros', offset, length };
    else if ((stored & bit) !== 0) yield storedAt(context, image, { offset, length }, host + part * partBytes);
  }
}

/** The fault of an image that ends too early, or whose tables lead out of it. */
export function truncated({ nowMs }: TableContext, { entry, bytes }: ImageSource, why: string): ReadFault {
  const code = isYoung(entry, nowMs()) ? 'incomplete' : 'object_size_impossible';
  return new ReadFault({ code, detail: `${entry.key} has ${counted(bytes, 'byte')}, but ${why}` }, false);
}

export function geometry({ entry }: ImageSource, why: string): ReadFault {
  return new ReadFault({ code: 'geometry', detail: `${entry.key}: ${why}` }, false);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

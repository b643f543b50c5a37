import type { StoredObject, ZeroRun } from '../data.ts';
import { type ImageRun, joinRuns } from '../disk-image/stored-runs.ts';
import { checkDirectory, grainMarkerBytes } from './check-tables.ts';
import { type GrainTable, isPlace, readTables } from './grain-tables.ts';
import { flatTypes, type PlacedExtent } from './place-extents.ts';
import { entryBytes, openSparseExtent, type SparseExtent, truncated } from './sparse-extent.ts';
import { sectorBytes } from './sparse-header.ts';
import type { VmdkContext, VmdkImage } from './vmdk-image.ts';

/**
 * Yields the stored bytes of a disk by rising offset. Bytes that it does not store are its parent's, or zeros if it has
 * none. Throws `ReadFault`, and storage errors.
 */
export async function* readStoredGrains(
  context: VmdkContext,
  { header, start }: VmdkImage,
  extents: readonly PlacedExtent[],
): AsyncGenerator<readonly (StoredObject | ZeroRun)[]> {
  for (const { type, source, offset, bytes: length, startSector } of extents) {
    if (source === null) yield [{ key: null, offset, length }];
    else if (flatTypes.includes(type)) {
      yield* joinRuns(source, null, oneRun({ kind: 'stored', offset, length, at: startSector * sectorBytes }));
    } else {
      const extent = await openSparseExtent(context, source, header === null ? null : { header, start });
      checkDirectory(context, extent);
      const { isCompressed, grainSectors } = extent.header;
      const frames = { compression: 'zlib', plainBytes: grainSectors * sectorBytes } as const;
      yield* joinRuns(source, isCompressed ? frames : null, runsOfExtent(context, extent, { offset, length }));
    }
  }
}

/** A part of the disk. */
type Part = { readonly offset: number; readonly length: number };

async function* oneRun(run: ImageRun): AsyncGenerator<readonly ImageRun[]> {
  yield [run];
}

async function* runsOfExtent(
  context: VmdkContext,
  extent: SparseExtent,
  disk: Part,
): AsyncGenerator<Iterable<ImageRun>> {
  for await (const table of readTables(context, extent)) yield runsOfTable(context, extent, table, disk);
}

/** The grains of a table. Throws `ReadFault` for one outside the file, which a proof of the tables would have found. */
function* runsOfTable(context: VmdkContext, extent: SparseExtent, table: GrainTable, disk: Part): Generator<ImageRun> {
  const { header, source } = extent;
  const grainBytes = header.grainSectors * sectorBytes;
  const partOf = (grain: number, grains: number): Part => {
    const from = (table.firstGrain + grain) * grainBytes;
    return { offset: disk.offset + from, length: Math.min(grains * grainBytes, disk.length - from) };
  };
  const { entries } = table;
  if (entries === null) {
    if (table.isZero) yield { kind: 'zeros', ...partOf(0, header.tableEntries) };
    return;
  }
  const grains = Math.min(header.tableEntries, Math.ceil(disk.length / grainBytes) - table.firstGrain);
  const sectorAt = (grain: number) => (grain < grains ? entries.readUInt32LE(grain * entryBytes) : 0);
  for (let grain = 0; grain < grains; grain += 1) {
    const sector = sectorAt(grain);
    if (!isPlace(extent, sector)) {
      if (sector !== 0) yield { kind: 'zeros', ...partOf(grain, 1) };
      continue;
    }
    const part = partOf(grain, 1);
    const start = sector * sectorBytes + (header.isCompressed && header.hasMarkers ? grainMarkerBytes : 0);
    const leastEnd = start + (header.isCompressed ? 1 : part.length);
    if (leastEnd > source.bytes) throw truncated(context, source, `a grain ends at byte ${leastEnd}`);
    if (!header.isCompressed) {
      yield { kind: 'stored', ...part, at: start };
      continue;
    }
    // The length of a compressed grain is only in the file, but it ends before the next one.
    const next = sectorAt(grain + 1) * sectorBytes;
    const mostEnd = Math.min(start + compressedBytesMax(grainBytes), source.bytes);
    yield { kind: 'frame', ...part, at: start, end: next > start ? Math.min(next, mostEnd) : mostEnd };
  }
}

/** What zlib needs at most, for bytes that cannot be compressed. */
function compressedBytesMax(bytes: number): number {
  return bytes + (bytes >> 8) + 64;
}

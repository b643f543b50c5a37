import { readPlaces } from '../disk-image/read-places.ts';
import { entryBytes, readPart, type SparseExtent } from './sparse-extent.ts';
import { sectorBytes } from './sparse-header.ts';
import type { VmdkContext } from './vmdk-image.ts';

/** A table of an extent, in the order of the disk. */
export type GrainTable = {
  /** Number of grains of the extent before it. */
  readonly firstGrain: number;
  /** Sectors of the grains, 4 bytes each; null if the directory says that none is stored. */
  readonly entries: Buffer | null;
  /** Whether the directory says that all grains are zeros. */
  readonly isZero: boolean;
};

/** What an entry of the directory or of a table stands for, if it is not a place. */
export const entryKinds = { nothing: 0, zeros: 1 } as const;

/**
 * Yields the tables of an extent in the order of the disk, with a few requests at a time. All places in the directory
 * must have been checked. Throws `ReadFault`, and storage errors.
 */
export async function* readTables(context: VmdkContext, extent: SparseExtent): AsyncGenerator<GrainTable> {
  const { tableEntries } = extent.header;
  let next = 0;
  for await (const { place, bytes } of readPlaces(placesOf(extent), (range) => readPart(context, extent, range))) {
    yield* absentTables(extent, next, place.table);
    const entries = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    yield { firstGrain: place.table * tableEntries, entries, isZero: false };
    next = place.table + 1;
  }
  yield* absentTables(extent, next, extent.directory.length);
}

/** The tables of a part of the directory that says that they are not there. */
function* absentTables({ header, directory }: SparseExtent, from: number, to: number): Generator<GrainTable> {
  for (let table = from; table < to; table += 1) {
    const isZero = directory[table] === entryKinds.zeros;
    yield { firstGrain: table * header.tableEntries, entries: null, isZero };
  }
}

/** Whether an entry of the directory or of a table is a place in the file. */
export function isPlace({ header }: Pick<SparseExtent, 'header'>, sector: number | undefined): sector is number {
  return (
    sector !== undefined && sector !== entryKinds.nothing && !(header.hasZeroGrains && sector === entryKinds.zeros)
  );
}

/** Where the tables of an extent are, each with its number. */
function* placesOf(extent: SparseExtent): Generator<{
  readonly table: number;
  readonly start: number;
  readonly end: number;
}> {
  const tableBytes = extent.header.tableEntries * entryBytes;
  for (const [table, sector] of extent.directory.entries()) {
    if (!isPlace(extent, sector)) continue;
    const start = sector * sectorBytes;
    yield { table, start, end: start + tableBytes };
  }
}

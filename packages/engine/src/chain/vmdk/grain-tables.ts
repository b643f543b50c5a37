import { entryBytes, readPart, type SparseExtent } from './sparse-extent.ts';
import { sectorBytes } from './sparse-header.ts';
import type { VmdkContext } from './vmdk-image.ts';

/** Tables closer to each other than this are read with one request. */
const gapBytesMax = 64 * 1024;
/** Maximum number of bytes of tables that are read with one request, and of requests at a time. */
const runBytesMax = 1024 * 1024;
const runsAtOnce = 8;

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

/** Tables that are read with one request: the first, one past the last, and their bytes in the file. */
type Run = { readonly from: number; to: number; readonly start: number; end: number };

/**
 * Yields the tables of an extent in the order of the disk, with a few requests at a time. All places in the directory
 * must have been checked. Throws `ReadFault`, and storage errors.
 */
export async function* readTables(context: VmdkContext, extent: SparseExtent): AsyncGenerator<GrainTable> {
  const { header, directory } = extent;
  const tableBytes = header.tableEntries * entryBytes;
  const reads: Promise<{ readonly run: Run; readonly bytes: Uint8Array }>[] = [];
  const runs = runsOf(extent, tableBytes);
  const ask = () => {
    const { value: run } = runs.next();
    if (run === undefined) return;
    const asked = readPart(context, extent, run).then((bytes) => ({ run, bytes }));
    // A reader that leaves early never awaits this promise, so its failure must not go unhandled.
    asked.catch(() => {});
    reads.push(asked);
  };
  for (let count = 0; count < runsAtOnce; count += 1) ask();
  for (let table = 0; table < directory.length; ) {
    const firstGrain = table * header.tableEntries;
    if (!isPlace(extent, directory[table])) {
      yield { firstGrain, entries: null, isZero: directory[table] === entryKinds.zeros };
      table += 1;
      continue;
    }
    const read = await reads.shift();
    ask();
    if (read === undefined) throw new TypeError('each table is in a run');
    const { run, bytes } = read;
    for (; table < run.to; table += 1) {
      const sector = directory[table];
      const at = (sector ?? 0) * sectorBytes - run.start;
      const entries = isPlace(extent, sector) ? Buffer.from(bytes.buffer, bytes.byteOffset + at, tableBytes) : null;
      const isZero = entries === null && sector === entryKinds.zeros;
      yield { firstGrain: table * header.tableEntries, entries, isZero };
    }
  }
}

/** Whether an entry of the directory or of a table is a place in the file. */
export function isPlace({ header }: Pick<SparseExtent, 'header'>, sector: number | undefined): sector is number {
  return (
    sector !== undefined && sector !== entryKinds.nothing && !(header.hasZeroGrains && sector === entryKinds.zeros)
  );
}

/** Joins tables that follow each other in the file. A run begins and ends with a table that is there. */
function* runsOf(extent: SparseExtent, tableBytes: number): Generator<Run> {
  let run: Run | null = null;
  for (const [table, sector] of extent.directory.entries()) {
    if (!isPlace(extent, sector)) continue;
    const start = sector * sectorBytes;
    const end = start + tableBytes;
    const isNear = run !== null && start >= run.end && start - run.end <= gapBytesMax && end - run.start <= runBytesMax;
    if (run !== null && isNear) {
      run.to = table + 1;
      run.end = end;
      continue;
    }
    if (run !== null) yield run;
    run = { from: table, to: table + 1, start, end };
  }
  if (run !== null) yield run;
}

import { ReadFault } from '../proof/read-fault.ts';
import { isPlace, readTables } from './grain-tables.ts';
import { entryBytes, firstDataSector, readPart, type SparseExtent, truncated } from './sparse-extent.ts';
import { sectorBytes } from './sparse-header.ts';
import type { VmdkContext } from './vmdk-image.ts';

/** Bytes before a compressed grain: its first sector in the disk, and its length. */
export const grainMarkerBytes = 12;
/** Maximum number of places of grains that are remembered, one bit each. Grains of larger files may share places. */
const rememberedGrainsMax = 64 * 1024 * 1024;

/**
 * Checks that the directory and the tables of an extent point into its file, and not twice to one place. Throws
 * `ReadFault`, and storage errors.
 */
export async function checkTables(context: VmdkContext, extent: SparseExtent): Promise<void> {
  const { header, source } = extent;
  checkDirectory(context, extent);
  const used = header.isCompressed ? null : new UsedGrains(extent);
  const last = { sector: 0, grain: 0 };
  const least = firstDataSector(header);
  const grains = Math.ceil(header.capacity / header.grainSectors);
  for await (const { firstGrain, entries } of readTables(context, extent)) {
    if (entries === null) continue;
    const end = Math.min(header.tableEntries, grains - firstGrain);
    for (let index = 0; index < end; index += 1) {
      const sector = entries.readUInt32LE(index * entryBytes);
      if (!isPlace(extent, sector)) continue;
      const grain = firstGrain + index;
      if (sector < least) throw geometry(extent, `grain ${grain} is in its header`);
      const endByte = sector * sectorBytes + leastBytes(extent, grain);
      if (endByte > source.bytes) throw truncated(context, source, `grain ${grain} ends at byte ${endByte}`);
      if (used?.add(sector) === false) throw geometry(extent, `grain ${grain} is where another one is`);
      if (sector > last.sector) Object.assign(last, { sector, grain });
    }
  }
  if (header.isCompressed && header.hasMarkers && last.sector > 0) await checkLastGrain(context, extent, last);
}

/** Checks that all tables are in the file, and share no bytes. Throws `ReadFault`. */
export function checkDirectory(context: VmdkContext, extent: SparseExtent): void {
  const { header, source, directory } = extent;
  const tableBytes = header.tableEntries * entryBytes;
  const places = directory.filter((sector) => isPlace(extent, sector)).sort();
  const [first, last] = [places.at(0), places.at(-1)];
  if (first === undefined || last === undefined) return;
  if (first < firstDataSector(header)) throw geometry(extent, 'a table is in its header');
  const end = last * sectorBytes + tableBytes;
  if (end > source.bytes) throw truncated(context, source, `a table ends at byte ${end}`);
  const isShared = places.some(
    (sector, at) => at > 0 && sector * sectorBytes < (places[at - 1] ?? 0) * sectorBytes + tableBytes,
  );
  if (isShared) throw geometry(extent, 'two tables share bytes');
}

/** The least bytes of a grain in the file. Only what the disk needs of its last grain must be there. */
function leastBytes({ header }: SparseExtent, grain: number): number {
  if (header.isCompressed) return header.hasMarkers ? grainMarkerBytes + 1 : 1;
  return Math.min(header.grainSectors, header.capacity - grain * header.grainSectors) * sectorBytes;
}

/** The last compressed grain in the file shows where it ends, and to which place in the disk it belongs. */
async function checkLastGrain(
  context: VmdkContext,
  extent: SparseExtent,
  { sector, grain }: { readonly sector: number; readonly grain: number },
): Promise<void> {
  const { header, source } = extent;
  const start = sector * sectorBytes;
  const bytes = await readPart(context, extent, { start, end: start + grainMarkerBytes });
  const view = new DataView(bytes.buffer, bytes.byteOffset, grainMarkerBytes);
  if (view.getBigUint64(0, true) !== BigInt(grain * header.grainSectors)) {
    throw geometry(extent, `grain ${grain} is marked as another one`);
  }
  const end = start + grainMarkerBytes + view.getUint32(8, true);
  if (end > source.bytes) throw truncated(context, source, `grain ${grain} ends at byte ${end}`);
}

function geometry({ source }: SparseExtent, why: string): ReadFault {
  return new ReadFault({ code: 'geometry', detail: `${source.entry.key}: ${why}` }, false);
}

/** The places of grains that are not compressed. Two different grains never begin in the same stretch of a grain. */
class UsedGrains {
  readonly #grainSectors: number;
  readonly #bits: Uint8Array;

  constructor({ header, source }: SparseExtent) {
    this.#grainSectors = header.grainSectors;
    const stretches = Math.ceil(source.bytes / (header.grainSectors * sectorBytes));
    this.#bits = new Uint8Array(Math.ceil(Math.min(stretches, rememberedGrainsMax) / 8));
  }

  /** Returns false if another grain begins in the same stretch. */
  add(sector: number): boolean {
    const stretch = Math.floor(sector / this.#grainSectors);
    const [at, bit] = [stretch >> 3, 1 << (stretch & 7)];
    const bits = this.#bits[at];
    if (bits === undefined) return true;
    this.#bits[at] = bits | bit;
    return (bits & bit) === 0;
  }
}

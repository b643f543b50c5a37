import { counted } from '@backup-sync/contracts';
import { type ImageSource, readImageRange, readImageStart } from '../disk-image/image-source.ts';
import { ReadFault } from '../proof/read-fault.ts';
import { isYoung } from '../proof/young-metadata.ts';
import { footerBytes, parseFooter, type SparseHeader, sectorBytes } from './sparse-header.ts';
import { readHeader, startBytes, type VmdkContext } from './vmdk-image.ts';

/** Maximum number of tables: with usual grains, a disk of 128 TiB. */
const tablesMax = 4 * 1024 * 1024;
/** Sectors of a grain that most writers use. */
const usualGrainSectors = 128;
/** Bytes of an entry of a directory or a table. */
export const entryBytes = 4;

/** A sparse extent: a file of grains, with tables that say where each is, and a directory of the tables. */
export type SparseExtent = {
  readonly source: ImageSource;
  readonly header: SparseHeader;
  /** The first bytes of the file, which need not be read again. */
  readonly start: Uint8Array;
  /** Sector of each table; see {@link firstDataSector} for the least. 0: nothing of it is stored. 1: zeros. */
  readonly directory: Uint32Array;
};

/**
 * Opens a sparse extent: its header, its footer if it has one, and its directory. `known` is what was read of it before.
 * Throws `ReadFault`, and storage errors.
 */
export async function openSparseExtent(
  context: VmdkContext,
  source: ImageSource,
  known: Pick<SparseExtent, 'header' | 'start'> | null,
): Promise<SparseExtent> {
  const start = known?.start ?? (await readImageStart(context, source, startBytes));
  const header = known?.header ?? readHeader(context, source, start);
  const directorySector = header.directorySector ?? (await readFooter(context, source, header));
  const tables = tablesOf(header);
  if (tables > tablesMax) {
    throw new ReadFault({ code: 'geometry', detail: `${source.entry.key} has ${counted(tables, 'table')}` }, false);
  }
  const from = directorySector * sectorBytes;
  if (directorySector < firstDataSector(header)) {
    throw new ReadFault({ code: 'geometry', detail: `${source.entry.key}: its directory is in its header` }, false);
  }
  const end = from + tables * entryBytes;
  if (end > source.bytes) throw truncated(context, source, `its directory ends at byte ${end}`);
  const bytes = await readPart(context, { source, start }, { start: from, end });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const directory = Uint32Array.from({ length: tables }, (_, index) => view.getUint32(index * entryBytes, true));
  return { source, header, start, directory };
}

export function tablesOf({ capacity, grainSectors, tableEntries }: SparseHeader): number {
  return Math.ceil(capacity / (grainSectors * tableEntries));
}

/** Bytes of all tables of an extent, as far as its size tells; `header` is null if it was not read. */
export function tableBytesOf(sectors: number, header: SparseHeader | null): number {
  return Math.ceil(sectors / (header?.grainSectors ?? usualGrainSectors)) * entryBytes;
}

/** The first sector after the header and the descriptor. */
export function firstDataSector({ descriptorSector, descriptorSectors }: SparseHeader): number {
  return descriptorSector === 0 ? 1 : descriptorSector + descriptorSectors;
}

/** Reads a part of a file, from memory if it is at the beginning. */
export async function readPart(
  context: VmdkContext,
  { source, start }: Pick<SparseExtent, 'source' | 'start'>,
  range: { readonly start: number; readonly end: number },
): Promise<Uint8Array> {
  if (range.end <= start.length) return start.subarray(range.start, range.end);
  return await readImageRange(context, source, range);
}

/** The fault of a file that ends too early, or that has a wrong place in its tables. */
export function truncated({ nowMs }: VmdkContext, { entry, bytes }: ImageSource, why: string): ReadFault {
  const code = isYoung(entry, nowMs()) ? 'incomplete' : 'object_size_impossible';
  return new ReadFault({ code, detail: `${entry.key} has ${counted(bytes, 'byte')}, but ${why}` }, false);
}

/** Returns the sector of the directory. */
async function readFooter(context: VmdkContext, source: ImageSource, header: SparseHeader): Promise<number> {
  const missing = 'it does not end with the footer that its header announces';
  if (source.bytes < footerBytes + sectorBytes) throw truncated(context, source, missing);
  const footer = parseFooter(
    await readImageRange(context, source, { start: source.bytes - footerBytes, end: source.bytes }),
  );
  if (footer === null || footer.directorySector === null) throw truncated(context, source, missing);
  const { capacity, grainSectors, tableEntries } = footer;
  if (
    capacity !== header.capacity ||
    grainSectors !== header.grainSectors ||
    tableEntries !== header.tableEntries ||
    footer.isCompressed !== header.isCompressed
  ) {
    const detail = `${source.entry.key}: its footer contradicts its header`;
    throw new ReadFault({ code: 'geometry', detail }, false);
  }
  return footer.directorySector;
}

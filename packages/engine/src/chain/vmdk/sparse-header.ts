import { sectorsMax } from './descriptor.ts';

export const sectorBytes = 512;
/** Bytes of the end of a file that ends with a footer: its marker, the footer, the marker of the end. */
export const footerBytes = 3 * sectorBytes;

/** The header of a sparse extent. */
export type SparseHeader = {
  /** Sectors of the disk that it describes. */
  readonly capacity: number;
  /** Sectors of a grain, the unit in which the disk is stored. */
  readonly grainSectors: number;
  /** Sector of the embedded descriptor, and its maximum size in sectors; 0 if there is none. */
  readonly descriptorSector: number;
  readonly descriptorSectors: number;
  /** Number of grains in a table. */
  readonly tableEntries: number;
  /** Sector of the directory; null if the footer has it. */
  readonly directorySector: number | null;
  /** Whether 1 in a table stands for a grain of zeros. */
  readonly hasZeroGrains: boolean;
  readonly isCompressed: boolean;
  /** Whether each compressed grain begins with its place in the disk and its length. */
  readonly hasMarkers: boolean;
  /** Whether the writer did not close the file. */
  readonly isUnclean: boolean;
};

export type HeaderReading =
  | { readonly kind: 'header'; readonly header: SparseHeader }
  /** `code` is that of the reason. */
  | {
      readonly kind: 'unreadable';
      readonly code: 'metadata_unreadable' | 'version_unsupported';
      readonly detail: string;
    };

const flags = { newlineTest: 0x1, zeroGrains: 0x4, compressed: 0x10000, markers: 0x20000 };
const deflate = 1;
const grainSectorsRange = { min: 8, max: 32_768 };
const tableEntriesMax = 4096;
const atEnd = 0xffff_ffff_ffff_ffffn;

/** Whether bytes begin as a sparse extent does. */
export function beginsAsSparse(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 4)).toString('latin1') === 'KDMV';
}

/** Reads the header of a sparse extent from its first 512 bytes. */
export function parseSparseHeader(bytes: Uint8Array): HeaderReading {
  if (bytes.length < sectorBytes || !beginsAsSparse(bytes)) {
    return unreadable('it does not begin as a sparse extent does');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, sectorBytes);
  const sectorAt = (at: number) => view.getBigUint64(at, true);
  const flagBits = view.getUint32(8, true);
  const has = (flag: number) => (flagBits & flag) !== 0;
  // Checked first, because such a transfer changes other fields too.
  if (has(flags.newlineTest) && !isNewlineTestWhole(bytes)) {
    return unreadable('its line ends were changed: it was transferred in text mode');
  }
  const version = view.getUint32(4, true);
  if (version < 1 || version > 3) return unsupported(`it has version ${version}`);
  const [capacity, grain, descriptorSector, descriptorSectors, directory] = [12, 20, 28, 36, 56].map(sectorAt);
  if (capacity === undefined || grain === undefined || directory === undefined)
    throw new TypeError('a header has fields');
  if (capacity === 0n || capacity > BigInt(sectorsMax)) return unreadable(`it has ${capacity} sectors`);
  const grainSectors = Number(grain);
  const { min, max } = grainSectorsRange;
  if (grainSectors < min || grainSectors > max || !Number.isInteger(Math.log2(grainSectors))) {
    return unreadable(`it has grains of ${grain} sectors`);
  }
  const tableEntries = view.getUint32(44, true);
  if (tableEntries < 1 || tableEntries > tableEntriesMax) return unreadable(`it has tables of ${tableEntries} grains`);
  const isCompressed = has(flags.compressed);
  const compression = view.getUint16(77, true);
  if (isCompressed && compression !== deflate) return unsupported(`it has compression ${compression}`);
  return {
    kind: 'header',
    header: {
      capacity: Number(capacity),
      grainSectors,
      // A sector beyond any file stays beyond it.
      descriptorSector: Number(descriptorSector),
      descriptorSectors: Number(descriptorSectors),
      tableEntries,
      directorySector: directory === atEnd ? null : Number(directory),
      hasZeroGrains: has(flags.zeroGrains),
      isCompressed,
      hasMarkers: has(flags.markers),
      isUnclean: view.getUint8(72) === 1,
    },
  };
}

/**
 * Reads the footer from the last bytes of a file: a copy of the header with the place of the directory, between two
 * markers. Null if there is none.
 */
export function parseFooter(bytes: Uint8Array): SparseHeader | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, footerBytes);
  const endMarker = 2 * sectorBytes;
  const isFooter = view.getUint32(8, true) === 0 && view.getUint32(12, true) === markerOfFooter;
  const isEnd = view.getBigUint64(endMarker, true) === 0n && view.getBigUint64(endMarker + 8, true) === 0n;
  const reading = parseSparseHeader(bytes.subarray(sectorBytes, endMarker));
  return isFooter && isEnd && reading.kind === 'header' ? reading.header : null;
}

const markerOfFooter = 3;

/** A line feed, a blank, a carriage return and a line feed, which transfers in text mode change. */
function isNewlineTestWhole(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(73, 77)).toString('latin1') === '\n \r\n';
}

function unreadable(detail: string): HeaderReading {
  return { kind: 'unreadable', code: 'metadata_unreadable', detail };
}

function unsupported(detail: string): HeaderReading {
  return { kind: 'unreadable', code: 'version_unsupported', detail };
}

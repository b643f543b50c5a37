import { quote } from '../../quote.ts';
import type { FrameForm } from '../disk-image/stored-runs.ts';

/** The header of a qcow2 image, with what its extensions say. */
export type Qcow2Header = {
  readonly version: 2 | 3;
  /** Bytes of the disk. */
  readonly size: number;
  readonly clusterBits: number;
  readonly clusterBytes: number;
  /** Entries of the first-level table that the disk needs. The table may have more. */
  readonly l1Entries: number;
  readonly l1Offset: number;
  readonly refcountTable: { readonly offset: number; readonly bytes: number };
  /** Whether each entry of a second-level table has a bitmap of 32 parts of the cluster. */
  readonly hasSubclusters: boolean;
  readonly frames: FrameForm;
  readonly isEncrypted: boolean;
  /** QEMU has found that its tables contradict each other. */
  readonly isCorrupt: boolean;
  /** It was not closed. What is then wrong are counts of clusters, which reading does not need. */
  readonly isDirty: boolean;
  readonly hasExternalData: boolean;
  /** The name of the backing file; null if the image needs no other. */
  readonly backingName: string | null;
  /** The format of the backing file; null if the image does not say. */
  readonly backingFormat: string | null;
};

export type HeaderReading =
  | { readonly kind: 'header'; readonly header: Qcow2Header }
  /** The extensions need so many bytes of the image. */
  | { readonly kind: 'longer'; readonly bytes: number }
  | {
      readonly kind: 'unreadable';
      readonly detail: string;
      readonly isTruncated: boolean;
      readonly isOtherVersion: boolean;
    };

const magic = 0x514649fb;
const headerBytes = { 2: 72, 3: 104 } as const;
/** As in QEMU: 512 bytes to 2 MiB. */
const clusterBitsRange = { min: 9, max: 21 };
/** As in QEMU, like the others. That is enough for 2 EiB in clusters of the usual size. */
const l1BytesMax = 32 * 1024 * 1024;
const backingNameBytesMax = 1023;
const backingFormatBytesMax = 15;
const subclusterBitsMin = 14;

const incompatible = { dirty: 1, corrupt: 2, externalData: 4, compressionType: 8, subclusters: 16 };
const knownIncompatible = 31;
const compressions = ['deflate', 'zstd'] as const;
const extensions = { end: 0, backingFormat: 0xe2792aca };

/** Bytes of an entry of the first-level table, and of the second-level table without subclusters. */
export const entryBytes = 8;

/** Thrown inside this file only. */
class HeaderError extends Error {
  readonly isTruncated: boolean;
  readonly isOtherVersion: boolean;

  constructor(detail: string, kind: 'truncated' | 'other version' | 'wrong' = 'wrong') {
    super(detail);
    this.isTruncated = kind === 'truncated';
    this.isOtherVersion = kind === 'other version';
  }
}

/** Whether bytes begin as a qcow2 image does. */
export function beginsAsQcow2(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) === magic;
}

/** Reads the header from the first bytes of an image of `imageBytes`. */
export function parseHeader(bytes: Uint8Array, imageBytes: number): HeaderReading {
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const fields = readFields(view, bytes);
    const end = endOfExtensions(view, fields);
    if (end > imageBytes) throw new HeaderError(`its header ends at byte ${end}`, 'truncated');
    // Extensions may follow that are not seen yet, but all of them are in the first cluster.
    if (end > bytes.length) return { kind: 'longer', bytes: Math.min(2 ** fields.clusterBits, imageBytes) };
    return { kind: 'header', header: headerOf(view, bytes, fields) };
  } catch (error) {
    if (!(error instanceof HeaderError)) throw error;
    const { message: detail, isTruncated, isOtherVersion } = error;
    return { kind: 'unreadable', detail, isTruncated, isOtherVersion };
  }
}

type Fields = {
  readonly version: 2 | 3;
  readonly headerLength: number;
  readonly clusterBits: number;
  readonly backing: { readonly offset: number; readonly bytes: number } | null;
};

function readFields(view: DataView, bytes: Uint8Array): Fields {
  if (bytes.length < headerBytes[2]) throw new HeaderError('it is shorter than a header', 'truncated');
  if (!beginsAsQcow2(bytes)) throw new HeaderError('it does not begin as a qcow2 image does');
  const version = view.getUint32(4);
  if (version !== 2 && version !== 3) throw new HeaderError(`it has version ${version}`, 'other version');
  if (bytes.length < headerBytes[version]) throw new HeaderError('it is shorter than its header', 'truncated');
  const clusterBits = view.getUint32(20);
  if (clusterBits < clusterBitsRange.min || clusterBits > clusterBitsRange.max) {
    throw new HeaderError(`its clusters have 2^${clusterBits} bytes`);
  }
  const headerLength = version === 2 ? headerBytes[2] : view.getUint32(100);
  if (headerLength < headerBytes[version] || headerLength > 2 ** clusterBits || headerLength % 8 !== 0) {
    throw new HeaderError(`its header has ${headerLength} bytes`);
  }
  const offset = wordAt(view, 8, 'the name of its backing file');
  if (offset === 0) return { version, headerLength, clusterBits, backing: null };
  const nameBytes = view.getUint32(16);
  const isPossible =
    offset >= headerLength &&
    nameBytes > 0 &&
    nameBytes <= backingNameBytesMax &&
    offset + nameBytes <= 2 ** clusterBits;
  if (!isPossible) throw new HeaderError(`the name of its backing file has ${nameBytes} bytes at byte ${offset}`);
  return { version, headerLength, clusterBits, backing: { offset, bytes: nameBytes } };
}

/** The byte after the last that the header, its extensions and the name of the backing file need, as far as is known. */
function endOfExtensions(view: DataView, { version, headerLength, clusterBits, backing }: Fields): number {
  const end = backing === null ? 0 : backing.offset + backing.bytes;
  // Version 2 has extensions too, but images without a backing file need none of them.
  if (version === 2 && backing === null) return headerLength;
  for (const { at, bytes } of extensionsOf(view, headerLength, backing?.offset ?? 2 ** clusterBits)) {
    if (at + bytes > view.byteLength) return Math.max(end, at + bytes);
  }
  return Math.max(end, headerLength);
}

/** The extensions, as far as their bytes are there. The last one may be cut. */
function* extensionsOf(view: DataView, start: number, limit: number) {
  for (let at = start; at + 8 <= limit; ) {
    if (at + 8 > view.byteLength) {
      yield { type: extensions.end, at, bytes: 8 };
      return;
    }
    const [type, bytes] = [view.getUint32(at), view.getUint32(at + 4)];
    if (type === extensions.end) return;
    if (at + 8 + bytes > limit) throw new HeaderError(`an extension of its header has ${bytes} bytes at byte ${at}`);
    yield { type, at: at + 8, bytes };
    at += 8 + Math.ceil(bytes / 8) * 8;
  }
}

function headerOf(view: DataView, bytes: Uint8Array, fields: Fields): Qcow2Header {
  const { version, headerLength, clusterBits, backing } = fields;
  const clusterBytes = 2 ** clusterBits;
  const [unknownHigh, features] = version === 2 ? [0, 0] : [view.getUint32(72), view.getUint32(76)];
  if (unknownHigh !== 0 || (features & ~knownIncompatible) !== 0) {
    throw new HeaderError('it has features that are not known here', 'other version');
  }
  const has = (feature: number) => (features & feature) !== 0;
  const compressionType = version === 3 && headerLength > headerBytes[3] ? view.getUint8(104) : 0;
  const compression = compressions[compressionType];
  if (compression === undefined) throw new HeaderError(`its compression has type ${compressionType}`, 'other version');
  if (has(incompatible.compressionType) !== (compressionType !== 0)) {
    throw new HeaderError('its compression contradicts its features');
  }
  const hasSubclusters = has(incompatible.subclusters);
  if (hasSubclusters && clusterBits < subclusterBitsMin) throw new HeaderError('its clusters are too small for parts');
  const crypt = view.getUint32(32);
  if (crypt > 2) throw new HeaderError(`its encryption has type ${crypt}`, 'other version');
  if (version === 3 && view.getUint32(96) > 6) throw new HeaderError('its counts of clusters are too wide');
  const size = wordAt(view, 24, 'its size');
  const tableEntries = clusterBytes / (hasSubclusters ? 2 * entryBytes : entryBytes);
  const l1Entries = Math.ceil(size / (clusterBytes * tableEntries));
  const l1Size = view.getUint32(36);
  if (l1Entries > l1Size || l1Size * entryBytes > l1BytesMax) {
    throw new HeaderError(`its first-level table has ${l1Size} entries, but its size needs ${l1Entries}`);
  }
  const format = [...extensionsOf(view, headerLength, backing?.offset ?? clusterBytes)].find(
    ({ type }) => type === extensions.backingFormat,
  );
  if (format !== undefined && format.bytes > backingFormatBytesMax) {
    throw new HeaderError(`the format of its backing file has ${format.bytes} bytes`);
  }
  return {
    ...{ version, size, clusterBits, clusterBytes, l1Entries, hasSubclusters },
    l1Offset: clusterAt(view, 40, l1Entries > 0, clusterBytes, 'its first-level table'),
    refcountTable: {
      offset: clusterAt(view, 48, true, clusterBytes, 'its table of counts'),
      bytes: view.getUint32(56) * clusterBytes,
    },
    frames: { compression, plainBytes: clusterBytes },
    isEncrypted: crypt !== 0,
    isCorrupt: has(incompatible.corrupt),
    isDirty: has(incompatible.dirty),
    hasExternalData: has(incompatible.externalData),
    backingName: backing === null ? null : nameAt(bytes, backing.offset, backing.bytes),
    backingFormat: backing === null || format === undefined ? null : nameAt(bytes, format.at, format.bytes),
  };
}

/** A number of 64 bits that must be a safe integer. */
function wordAt(view: DataView, at: number, what: string): number {
  const value = view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4);
  if (!Number.isSafeInteger(value)) throw new HeaderError(`${what} is the number ${value}`);
  return value;
}

function clusterAt(view: DataView, at: number, isNeeded: boolean, clusterBytes: number, what: string): number {
  const offset = wordAt(view, at, what);
  if (offset % clusterBytes !== 0 || (isNeeded && offset === 0)) throw new HeaderError(`${what} is at byte ${offset}`);
  return offset;
}

function nameAt(bytes: Uint8Array, start: number, length: number): string {
  const name = Buffer.from(bytes.subarray(start, start + length)).toString('utf8');
  if (name.includes('\0')) throw new HeaderError(`it names the file ${quote(name)}`);
  return name;
}

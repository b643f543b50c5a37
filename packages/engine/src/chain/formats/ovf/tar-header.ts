/** Bytes of a header, and of the unit in which members are stored. */
export const tarBlockBytes = 512;

/** The header of a member of a TAR archive. */
export type TarHeader = {
  readonly name: string;
  /** Bytes of the member. */
  readonly bytes: number;
  /**
   * `pax` and `longName` say something about the member that follows, and `other` is neither a file nor that: a folder,
   * a link, or a description of the whole archive. `sparse` is a file of GNU tar that is stored without its holes.
   */
  readonly kind: 'file' | 'pax' | 'longName' | 'sparse' | 'other';
};

const kinds: Readonly<Record<string, TarHeader['kind']>> = {
  '\0': 'file',
  '0': 'file',
  '7': 'file',
  x: 'pax',
  L: 'longName',
  S: 'sparse',
};

/** Reads a header; null if the block is none: its checksum is wrong, or its size impossible. */
export function readTarHeader(block: Uint8Array): TarHeader | null {
  if (block.length < tarBlockBytes || !hasItsChecksum(block)) return null;
  const bytes = sizeOf(block.subarray(124, 136));
  if (bytes === null) return null;
  const name = textOf(block.subarray(0, 100));
  // Only the standard has a prefix; GNU has other fields there.
  const isUstar = textOf(block.subarray(257, 263)) === 'ustar';
  const prefix = isUstar ? textOf(block.subarray(345, 500)) : '';
  const kind = kinds[String.fromCharCode(block[156] ?? 0)] ?? 'other';
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    bytes: kind === 'other' ? sizeOfOther(block, bytes) : bytes,
    kind,
  };
}

/** Links and folders have no data, whatever their size says. */
function sizeOfOther(block: Uint8Array, bytes: number): number {
  return /[1-6]/.test(String.fromCharCode(block[156] ?? 0)) ? 0 : bytes;
}

export function isEmptyBlock(block: Uint8Array): boolean {
  return block.length === tarBlockBytes && block.every((byte) => byte === 0);
}

/** What an extended header says about the next member. */
export type PaxFields = {
  readonly path: string | null;
  readonly bytes: number | null;
  /** Whether GNU tar stores the member without its holes. Its bytes are then not those of the file. */
  readonly isSparse: boolean;
};

/** Reads an extended header, of records `<length> <key>=<value>\n`; null if it is not one. */
export function readPaxFields(bytes: Uint8Array): PaxFields | null {
  const data = Buffer.from(bytes);
  let [path, size]: [string | null, number | null] = [null, null];
  let isSparse = false;
  let sparseName: string | null = null;
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(0x20, at);
    const digits = space === -1 || space - at > 10 ? '' : data.toString('latin1', at, space);
    const end = at + Number(digits);
    if (!/^\d+$/.test(digits) || end <= space + 1 || end > data.length || data[end - 1] !== 0x0a) return null;
    const record = data.toString('utf8', space + 1, end - 1);
    const equals = record.indexOf('=');
    if (equals === -1) return null;
    const value = record.slice(equals + 1);
    if (record.startsWith('path=')) path = value;
    if (record.startsWith('GNU.sparse.')) isSparse = true;
    // The path is then one for programs that do not know such files.
    if (record.startsWith('GNU.sparse.name=')) sparseName = value;
    if (record.startsWith('size=')) {
      size = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
      if (!Number.isSafeInteger(size)) return null;
    }
    at = end;
  }
  return { path: sparseName ?? path, bytes: size, isSparse };
}

/** A name that GNU stores as the data of a member. */
export function readLongName(bytes: Uint8Array): string {
  return textOf(bytes);
}

/** The checksum is the sum of all bytes, with blanks in its own place. Early writers added signed bytes. */
function hasItsChecksum(block: Uint8Array): boolean {
  const stored = octalOf(block.subarray(148, 156));
  let [unsigned, signed] = [0, 0];
  for (let at = 0; at < tarBlockBytes; at += 1) {
    const byte = at >= 148 && at < 156 ? 0x20 : (block[at] ?? 0);
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  return stored !== null && (stored === unsigned || stored === signed);
}

/** A size in octal digits or, from 8 GiB on, in base 256 after a mark. Null if it is impossible. */
function sizeOf(field: Uint8Array): number | null {
  const [mark = 0] = field;
  if ((mark & 0x80) === 0) return octalOf(field);
  let size = mark & 0x7f;
  for (const byte of field.subarray(1)) {
    size = size * 256 + byte;
    if (!Number.isSafeInteger(size)) return null;
  }
  return size;
}

function octalOf(field: Uint8Array): number | null {
  const digits = textOf(field).trim();
  return /^[0-7]{0,12}$/.test(digits) ? Number.parseInt(`0${digits}`, 8) : null;
}

function textOf(field: Uint8Array): string {
  const end = field.indexOf(0);
  return Buffer.from(end === -1 ? field : field.subarray(0, end)).toString('utf8');
}

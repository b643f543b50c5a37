import { quote } from '../../quote.ts';

/** Maximum number of bytes of a descriptor. Real ones have a few hundred, and some 50 for each extent. */
export const descriptorBytesMax = 1024 * 1024;
/** Maximum number of extents. With 2 GiB each, that is a disk of 8 TiB. */
export const extentsMax = 4096;
/** Largest disk, in sectors: its bytes must be a safe integer. */
export const sectorsMax = 2 ** 43;

/** The kinds of extents. Those of raw devices and RDM have no data in the folder. */
export const extentTypes = ['FLAT', 'SPARSE', 'ZERO', 'VMFS', 'VMFSSPARSE', 'VMFSRDM', 'VMFSRAW', 'SESPARSE'] as const;
export type ExtentType = (typeof extentTypes)[number];

/** A line of the descriptor that names a part of the disk. */
export type ExtentLine = {
  readonly type: ExtentType;
  readonly sectors: number;
  /** The name without its path, which is of the writer's host; null if the extent has no file. */
  readonly fileName: string | null;
  /** The name as it is written, for messages. */
  readonly writtenName: string | null;
  /** Number of sectors of the file before the extent. */
  readonly startSector: number;
};

/** The text that describes a VMDK disk. */
export type VmdkDescriptor = {
  /** Changes with the content, at the first write after the disk was opened. */
  readonly contentId: number;
  /** The content id that the parent had; null if the disk needs no other. */
  readonly parentContentId: number | null;
  /** The path of the parent, with slashes, as the writer had it; null if the descriptor names none. */
  readonly parentPath: string | null;
  readonly createType: string;
  readonly extents: readonly ExtentLine[];
  /** The text up to the padding. */
  readonly text: string;
};

export type DescriptorReading =
  | { readonly kind: 'descriptor'; readonly descriptor: VmdkDescriptor }
  | { readonly kind: 'unreadable'; readonly detail: string; readonly isOtherVersion: boolean };

const firstLine = /^#\s*disk\s+descriptor\s*file\s*$/i;
const fieldName = /^[a-z][\w.]*$/i;
const lineEnd = /\r\n|\n|\r/;
const extentLine = /^(?:RW|RDONLY|NOACCESS)\s+(\d{1,16})\s+([A-Z]+)(?:\s+"([^"]+)"(?:\s+(\d{1,16}))?.*)?$/i;
/** A line that may be of an extent, even if its first word is damaged. */
const extentStart = /^(?:RW|RDONLY|NOACCESS)\s|^[^=]*\b(?:FLAT|ZERO|\w*SPARSE|VMFS\w*)\b/i;
const versions = ['1', '2', '3', '4'];
/** In `parentCID`: the disk needs no other. */
const noParent = 0xffff_ffff;

/** Thrown inside this file only. */
class DescriptorError extends Error {
  readonly isOtherVersion: boolean;

  constructor(detail: string, isOtherVersion = false) {
    super(detail);
    this.isOtherVersion = isOtherVersion;
  }
}

/** Whether bytes begin as a descriptor does. */
export function beginsAsDescriptor(bytes: Uint8Array): boolean {
  const [line = ''] = Buffer.from(bytes.subarray(0, 64))
    .toString('latin1')
    .trimStart()
    .split(/[\r\n]/, 1);
  return firstLine.test(line);
}

/** Reads a descriptor. Everything after the first NUL is padding. */
export function parseDescriptor(bytes: Uint8Array): DescriptorReading {
  try {
    return { kind: 'descriptor', descriptor: read(bytes) };
  } catch (error) {
    if (!(error instanceof DescriptorError)) throw error;
    return { kind: 'unreadable', detail: error.message, isOtherVersion: error.isOtherVersion };
  }
}

function read(bytes: Uint8Array): VmdkDescriptor {
  const padding = bytes.indexOf(0);
  const used = padding === -1 ? bytes : bytes.subarray(0, padding);
  const text = decode(used).trim();
  const [first = '', ...lines] = text.split(lineEnd);
  if (!firstLine.test(first)) throw new DescriptorError('it does not begin as a descriptor does');
  const fields = new Map<string, string>();
  const extents: ExtentLine[] = [];
  for (const line of lines.map((each) => each.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    if (extentStart.test(line)) extents.push(parseExtent(line));
    else addField(fields, line);
    if (extents.length > extentsMax) throw new DescriptorError(`it names more than ${extentsMax} extents`);
  }
  const version = fields.get('version');
  if (version === undefined || !versions.includes(version)) {
    throw new DescriptorError(`it has version ${quote(version ?? '')}`, version !== undefined);
  }
  const [contentId, parentContentId] = [idOf(fields, 'CID'), idOf(fields, 'parentCID')];
  const sectors = extents.reduce((sum, extent) => sum + extent.sectors, 0);
  if (sectors === 0 || sectors > sectorsMax) throw new DescriptorError(`its extents have ${sectors} sectors`);
  const hint = fields.get('parentfilenamehint');
  return {
    contentId,
    parentContentId: parentContentId === noParent ? null : parentContentId,
    parentPath: hint === undefined ? null : pathOf(hint),
    createType: fields.get('createtype') ?? '',
    extents,
    text,
  };
}

/** The fields that are used must not contradict themselves. */
function addField(fields: Map<string, string>, line: string): void {
  const { name, value } = fieldOf(line) ?? { name: '', value: '' };
  const key = name.toLowerCase();
  const earlier = fields.get(key);
  if (key === '' || key.startsWith('ddb.') || earlier === value) return;
  if (earlier !== undefined) throw new DescriptorError(`it has two values of ${quote(name)}`);
  fields.set(key, value);
}

/** Reads a line `name = value`, with or without quotes around the value; null if it is none. */
function fieldOf(line: string): { readonly name: string; readonly value: string } | null {
  const equals = line.indexOf('=');
  const name = line.slice(0, Math.max(0, equals)).trim();
  if (!fieldName.test(name)) return null;
  const value = line.slice(equals + 1).trim();
  const isQuoted = value.length > 1 && value.startsWith('"') && value.endsWith('"');
  return { name, value: isQuoted ? value.slice(1, -1) : value };
}

/** Some writers leave out leading zeros. */
function idOf(fields: ReadonlyMap<string, string>, name: string): number {
  const value = fields.get(name.toLowerCase());
  if (value === undefined) throw new DescriptorError(`it has no ${name}`);
  if (!/^[0-9a-f]{1,8}$/i.test(value)) throw new DescriptorError(`it has ${name} ${quote(value)}`);
  return Number.parseInt(value, 16);
}

function parseExtent(line: string): ExtentLine {
  const [, sectors, typeName = '', name, start = '0'] = extentLine.exec(line) ?? [];
  const type = extentTypes.find((each) => each === typeName.toUpperCase());
  if (sectors === undefined || type === undefined) throw new DescriptorError(`it has the extent ${quote(line)}`);
  const startSector = Number(start);
  const isPossible = Number(sectors) <= sectorsMax && startSector <= sectorsMax;
  if (!isPossible || (name === undefined) !== (type === 'ZERO')) {
    throw new DescriptorError(`it has the extent ${quote(line)}`);
  }
  const fileName = name === undefined ? null : baseName(name);
  return { type, sectors: Number(sectors), fileName, writtenName: name ?? null, startSector };
}

/** A path of any system, with slashes. */
function pathOf(hint: string): string {
  baseName(hint);
  return hint.replaceAll('\\', '/');
}

/** The last part of a path of any system. It never leads out of a folder. */
function baseName(path: string): string {
  const name = path.split(/[/\\]/).at(-1) ?? '';
  if (name === '' || name === '.' || name === '..') throw new DescriptorError(`it names ${quote(path)}`);
  return name;
}

/** The encoding is named in a line of its own, in ASCII. */
function decode(bytes: Uint8Array): string {
  const lines = Buffer.from(bytes).toString('latin1').split(lineEnd);
  const encoding = lines.map(fieldOf).find((field) => field?.name.toLowerCase() === 'encoding')?.value;
  try {
    return new TextDecoder(encoding ?? 'utf-8').decode(bytes);
  } catch {
    // The writer's name of an encoding may not be known here.
    return new TextDecoder('utf-8').decode(bytes);
  }
}

import { counted } from '@backup-sync/contracts';
import type { BucketContext } from '../chain-context.ts';
import { type ImageSource, readImageRange, readImageStart } from '../disk-image/image-source.ts';
import type { Form } from '../proof/link.ts';
import { ReadFault } from '../proof/read-fault.ts';
import { unreadableMetadata } from '../proof/young-metadata.ts';
import {
  beginsAsDescriptor,
  descriptorBytesMax,
  type ExtentType,
  parseDescriptor,
  type VmdkDescriptor,
} from './descriptor.ts';
import { beginsAsSparse, parseSparseHeader, type SparseHeader, sectorBytes } from './sparse-header.ts';

/** What reading a disk needs. */
export type VmdkContext = BucketContext & { readonly nowMs: () => number };

/** A VMDK disk as its descriptor and its header describe it. */
export type VmdkImage = {
  /** The file with the descriptor. */
  readonly source: ImageSource;
  readonly descriptor: VmdkDescriptor;
  /** The header of the file if it also has the data; null if the descriptor is a file of its own. */
  readonly header: SparseHeader | null;
  /** The first bytes of the file, which need not be read again. */
  readonly start: Uint8Array;
  /** Size of the disk. */
  readonly volumeBytes: number;
  /** How far a disk of this kind can be proved. */
  readonly form: Form;
  /** Why it cannot be proved to `linkage`; null if it can. */
  readonly limit: string | null;
};

/** Bytes of a file that are read first. They have the header and the descriptor, and the tables of a small disk. */
export const startBytes = 64 * 1024;

const sparseForm: Form = { ceiling: 'linkage', gaps: ['no_digest'] };
const unreadMapForm: Form = { ceiling: 'inventory', gaps: ['block_map_unread', 'no_digest'] };
const deviceForm: Form = { ceiling: 'metadata', gaps: ['data_elsewhere', 'no_digest'] };

/** Extents whose tables are not read. */
const unreadTypes: readonly ExtentType[] = ['VMFSSPARSE', 'SESPARSE'];
const deviceTypes: readonly ExtentType[] = ['VMFSRDM', 'VMFSRAW'];
const deviceCreateTypes = /^(?:fullDevice|partitionedDevice|vmfsRaw|vmfsRDM|vmfsRDMP|vmfs\w*RawDeviceMap)$/i;
/** The first bytes of extents that only a descriptor in another file makes a disk. */
const loneExtents = [Buffer.from('COWD', 'latin1'), Buffer.from([0xbe, 0xba, 0xfe, 0xca, 0, 0, 0, 0])];

/**
 * Reads the descriptor and the header of a disk, usually with one request. Throws `ReadFault` if they cannot be read, or
 * contradict each other, and storage errors.
 */
export async function readVmdkImage(context: VmdkContext, source: ImageSource): Promise<VmdkImage> {
  const { entry, bytes } = source;
  if (bytes === 0) throw unreadable(context, source, 'it is empty', true);
  const start = await readImageStart(context, source, startBytes);
  if (beginsAsSparse(start)) return await readSparseImage(context, source, start);
  if (!beginsAsDescriptor(start)) {
    const isExtent = loneExtents.some((magic) => magic.equals(start.subarray(0, magic.length)));
    if (isExtent) throw unreadable(context, source, 'it is an extent of a disk, without the descriptor', false);
    throw unreadable(context, source, 'it does not begin as a VMDK disk does', bytes < sectorBytes);
  }
  if (bytes > descriptorBytesMax) {
    const detail = `${entry.key}: a descriptor of ${bytes} bytes; at most ${descriptorBytesMax} are read`;
    throw new ReadFault({ code: 'metadata_unreadable', detail }, false);
  }
  const text = bytes <= start.length ? start : await readImageRange(context, source, { start: 0, end: bytes });
  return imageOf(source, readDescriptor(context, source, text), { header: null, start });
}

/** Whether a file is a disk, or the descriptor of one, by its first bytes. Throws `ReadFault`, and storage errors. */
export async function beginsWithDescriptor(context: BucketContext, source: ImageSource): Promise<boolean> {
  if (source.bytes === 0) return false;
  const start = await readImageStart(context, source, startBytes);
  if (!beginsAsSparse(start)) return beginsAsDescriptor(start);
  const reading = parseSparseHeader(start);
  if (reading.kind !== 'header') return false;
  const { descriptorSector } = reading.header;
  // In an extent, the place of the descriptor is empty.
  return descriptorSector > 0 && beginsAsDescriptor(start.subarray(descriptorSector * sectorBytes));
}

async function readSparseImage(context: VmdkContext, source: ImageSource, start: Uint8Array): Promise<VmdkImage> {
  const header = readHeader(context, source, start);
  const { descriptorSector, descriptorSectors, capacity } = header;
  if (descriptorSector === 0 || descriptorSectors === 0) {
    throw unreadable(context, source, 'it has no descriptor, so it is an extent of a disk', false);
  }
  const from = descriptorSector * sectorBytes;
  const end = from + descriptorSectors * sectorBytes;
  if (end - from > descriptorBytesMax)
    throw unreadable(context, source, `it has a descriptor of ${end - from} bytes`, false);
  if (end > source.bytes) throw unreadable(context, source, 'it ends before its descriptor does', true);
  const text =
    end <= start.length ? start.subarray(from, end) : await readImageRange(context, source, { start: from, end });
  const descriptor = readDescriptor(context, source, text);
  const [extent, ...others] = descriptor.extents;
  if (extent?.type !== 'SPARSE' || others.length > 0) {
    throw unreadable(context, source, 'its descriptor is not of one sparse extent', false);
  }
  if (extent.sectors !== capacity) {
    const detail = `${source.entry.key}: its header has ${counted(capacity, 'sector')}, but its descriptor ${extent.sectors}`;
    throw new ReadFault({ code: 'geometry', detail }, false);
  }
  return imageOf(source, descriptor, { header, start });
}

/** Reads the header of a sparse extent from its first bytes. Throws `ReadFault`. */
export function readHeader(context: VmdkContext, source: ImageSource, start: Uint8Array): SparseHeader {
  const reading = parseSparseHeader(start);
  if (reading.kind === 'header') return reading.header;
  if (reading.code === 'metadata_unreadable')
    throw unreadable(context, source, reading.detail, source.bytes < sectorBytes);
  throw new ReadFault({ code: reading.code, detail: `${source.entry.key}: ${reading.detail}` }, false);
}

function readDescriptor(context: VmdkContext, source: ImageSource, text: Uint8Array): VmdkDescriptor {
  const reading = parseDescriptor(text);
  if (reading.kind === 'descriptor') return reading.descriptor;
  if (!reading.isOtherVersion) throw unreadable(context, source, reading.detail, true);
  throw new ReadFault({ code: 'version_unsupported', detail: `${source.entry.key}: ${reading.detail}` }, false);
}

function imageOf(
  source: ImageSource,
  descriptor: VmdkDescriptor,
  { header, start }: Pick<VmdkImage, 'header' | 'start'>,
): VmdkImage {
  const sectors = descriptor.extents.reduce((sum, extent) => sum + extent.sectors, 0);
  return { source, descriptor, header, start, volumeBytes: sectors * sectorBytes, ...formOf(descriptor) };
}

function formOf({ createType, extents }: VmdkDescriptor): Pick<VmdkImage, 'form' | 'limit'> {
  const isOf = (types: readonly ExtentType[]) => extents.find(({ type }) => types.includes(type));
  if (deviceCreateTypes.test(createType) || isOf(deviceTypes) !== undefined) {
    return { form: deviceForm, limit: 'its data is on a device, not in the bucket' };
  }
  const unread = isOf(unreadTypes);
  if (unread === undefined) return { form: sparseForm, limit: null };
  return { form: unreadMapForm, limit: `the tables of ${unread.type} extents are not read` };
}

function unreadable({ nowMs }: VmdkContext, { entry }: ImageSource, why: string, truncated: boolean): ReadFault {
  return new ReadFault(unreadableMetadata({ detail: `${entry.key}: ${why}`, truncated }, entry, nowMs()), false);
}

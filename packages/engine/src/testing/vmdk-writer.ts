import { Buffer } from 'node:buffer';
import { deflateSync } from 'node:zlib';
import type { BackupSync } from '@backup-sync/contracts';

const sectorBytes = 512;
const markers = { endOfStream: 0, table: 1, directory: 2, footer: 3 };
const atEnd = 0xffff_ffff_ffff_ffffn;
const descriptorSectors = 20;

/** How a disk is stored: the kinds of VMware, and the layout of streams that qemu-img writes. */
export type VmdkKind =
  | 'monolithicSparse'
  | 'twoGbMaxExtentSparse'
  | 'monolithicFlat'
  | 'twoGbMaxExtentFlat'
  | 'streamOptimized'
  | 'streamOptimized by qemu'
  | 'vmfsSparse'
  | 'seSparse';

/** What a disk consists of. */
export type VmdkPlan = {
  /** Folder, with a slash at the end; empty at the top of a bucket. */
  readonly folder: string;
  /** Name of the disk, without `.vmdk`. */
  readonly name: string;
  readonly kind: VmdkKind;
  /** Size of each extent in grains. Disks of one file have one. */
  readonly extentGrains: readonly number[];
  /** The grains that are stored, by their number in the disk; null for one of zeros. */
  readonly grains: ReadonlyMap<number, Uint8Array | null>;
  readonly contentId: number;
  readonly parent: { readonly name: string; readonly contentId: number } | null;
};

export type WrittenVmdk = {
  readonly plan: VmdkPlan;
  readonly imagePath: string;
  readonly objects: readonly (readonly [string, Uint8Array])[];
};

/** Sectors of a grain, and grains of a table: as small as a header allows, so that small disks have several tables. */
export const grainSectors = 8;
export const grainBytes = grainSectors * sectorBytes;
const tableEntries = 128;
const tableSectors = (tableEntries * 4) / sectorBytes;

/** Writes a disk as VMware and qemu-img do. */
export function writeVmdk(plan: VmdkPlan): WrittenVmdk {
  const { folder, name, kind } = plan;
  const imagePath = `${folder}${name}.vmdk`;
  const extents = extentsOf(plan);
  const descriptor = Buffer.from(descriptorOf(plan, extents));
  const first = extents[0];
  if (first === undefined) throw new TypeError('a disk has an extent');
  if (first.name === `${name}.vmdk`) {
    return { plan, imagePath, objects: [[imagePath, writeSparse(kind, first, descriptor)]] };
  }
  const files = extents.map((extent) => [`${folder}${extent.name}`, writeExtent(kind, extent)] as const);
  return { plan, imagePath, objects: [[imagePath, descriptor], ...files] };
}

export function syncItemOfVmdk({ plan, imagePath }: WrittenVmdk, bucketName: string): BackupSync {
  return {
    backup_id: `id of ${plan.name}`,
    backup_name: plan.name,
    bucket_name: bucketName,
    image_path: imagePath,
    resource_id: 'disk-1',
    resource_name: plan.name,
    resource_type: 'VMware::Disk',
    created_at: Date.UTC(2026, 1, 1, 2) / 1000,
  };
}

/** The volume of a disk over its parent's; zeros where neither stores anything. */
export function volumeOf(
  { extentGrains, grains }: Omit<VmdkPlan, 'kind'>,
  parent: Uint8Array | null = null,
): Uint8Array {
  const volume = Buffer.alloc(extentGrains.reduce((sum, each) => sum + each, 0) * grainBytes);
  if (parent !== null) volume.set(parent.subarray(0, volume.length));
  for (const [grain, bytes] of grains) volume.set(bytes ?? new Uint8Array(grainBytes), grain * grainBytes);
  return volume;
}

type Extent = {
  readonly name: string;
  readonly grains: number;
  readonly stored: ReadonlyMap<number, Uint8Array | null>;
};

function extentsOf({ name, kind, extentGrains, grains }: VmdkPlan): readonly Extent[] {
  let before = 0;
  return extentGrains.map((count, index) => {
    const from = before;
    before += count;
    const own = [...grains].filter(([grain]) => grain >= from && grain < before);
    const stored = new Map(own.map(([grain, bytes]) => [grain - from, bytes]));
    return { name: extentNameOf(name, kind, index + 1), grains: count, stored };
  });
}

function extentNameOf(name: string, kind: VmdkKind, number: number): string {
  const digits = String(number).padStart(3, '0');
  switch (kind) {
    case 'twoGbMaxExtentSparse':
      return `${name}-s${digits}.vmdk`;
    case 'twoGbMaxExtentFlat':
      return `${name}-f${digits}.vmdk`;
    case 'monolithicFlat':
      return `${name}-flat.vmdk`;
    case 'vmfsSparse':
      return `${name}-delta.vmdk`;
    case 'seSparse':
      return `${name}-sesparse.vmdk`;
    default:
      return `${name}.vmdk`;
  }
}

function descriptorOf({ kind, contentId, parent }: VmdkPlan, extents: readonly Extent[]): string {
  const types = { vmfsSparse: 'VMFSSPARSE', seSparse: 'SESPARSE', monolithicFlat: 'FLAT', twoGbMaxExtentFlat: 'FLAT' };
  const type = (types as Partial<Record<VmdkKind, string>>)[kind] ?? 'SPARSE';
  const start = type === 'FLAT' ? ' 0' : '';
  const hex = (id: number) => id.toString(16).padStart(8, '0');
  return [
    '# Disk DescriptorFile',
    'version=1',
    `CID=${hex(contentId)}`,
    `parentCID=${hex(parent?.contentId ?? 0xffff_ffff)}`,
    `createType="${kind.split(' ')[0]}"`,
    ...(parent === null ? [] : [`parentFileNameHint="${parent.name}"`]),
    '',
    '# Extent description',
    ...extents.map(({ name, grains }) => `RW ${grains * grainSectors} ${type} "${name}"${start}`),
    '',
    '# The Disk Data Base',
    '#DDB',
    '',
    'ddb.adapterType = "lsilogic"',
    '',
  ].join('\n');
}

function writeExtent(kind: VmdkKind, extent: Extent): Uint8Array {
  if (kind === 'vmfsSparse') return writeCowd(extent);
  if (kind === 'seSparse')
    return Buffer.concat([Buffer.from([0xbe, 0xba, 0xfe, 0xca, 0, 0, 0, 0]), Buffer.alloc(1016)]);
  if (kind === 'twoGbMaxExtentSparse') return writeSparse(kind, extent, Buffer.alloc(0));
  const flat = Buffer.alloc(extent.grains * grainBytes);
  for (const [grain, bytes] of extent.stored) if (bytes !== null) flat.set(bytes, grain * grainBytes);
  return flat;
}

/** Only the header: its tables are not read. */
function writeCowd({ grains }: Extent): Uint8Array {
  const header = Buffer.alloc(2048);
  header.write('COWD', 'latin1');
  header.writeUInt32LE(1, 4);
  header.writeUInt32LE(3, 8);
  header.writeUInt32LE(grains * grainSectors, 12);
  return header;
}

/** Gathers the sectors of a file. */
class Sectors {
  readonly #parts: Uint8Array[] = [];
  count = 0;

  /** Returns the sector at which the bytes begin. */
  add(bytes: Uint8Array): number {
    const at = this.count;
    const sectors = Math.ceil(bytes.length / sectorBytes);
    this.#parts.push(bytes, Buffer.alloc(sectors * sectorBytes - bytes.length));
    this.count += sectors;
    return at;
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

function writeSparse(kind: VmdkKind, extent: Extent, descriptor: Buffer): Uint8Array {
  return kind === 'streamOptimized'
    ? writeStream(extent, descriptor)
    : writeWithTablesInFront(kind, extent, descriptor);
}

/** Header, descriptor, directory and all tables, then the grains. */
function writeWithTablesInFront(kind: VmdkKind, extent: Extent, descriptor: Buffer): Uint8Array {
  const isCompressed = kind !== 'monolithicSparse' && kind !== 'twoGbMaxExtentSparse';
  const tables = Math.ceil(extent.grains / tableEntries);
  const directorySectors = Math.ceil((tables * 4) / sectorBytes);
  const directorySector = 1 + descriptorSectors;
  const firstTable = directorySector + directorySectors;
  const overhead = firstTable + tables * tableSectors;
  const directory = Buffer.alloc(tables * 4);
  for (let table = 0; table < tables; table += 1) directory.writeUInt32LE(firstTable + table * tableSectors, table * 4);
  const entries = Buffer.alloc(tables * tableSectors * sectorBytes);
  const grains = new Sectors();
  for (const [grain, bytes] of extent.stored) {
    const stored = bytes === null || !isCompressed ? bytes : compressed(grain, bytes);
    entries.writeUInt32LE(stored === null ? 1 : overhead + grains.add(stored), grain * 4);
  }
  const file = new Sectors();
  file.add(headerOf(extent, { directorySector: BigInt(directorySector), overhead, isCompressed, zeroGrains: true }));
  file.add(Buffer.concat([descriptor, Buffer.alloc(descriptorSectors * sectorBytes - descriptor.length)]));
  file.add(directory);
  file.add(entries);
  file.add(grains.finish());
  // qemu-img leaves zeros at the end.
  if (isCompressed) file.add(Buffer.alloc(4 * sectorBytes));
  return file.finish();
}

/** As VMware exports it: grains, each table after its grains, the directory and a footer at the end. */
function writeStream(extent: Extent, descriptor: Buffer): Uint8Array {
  const overhead = 1 + descriptorSectors;
  const file = new Sectors();
  file.add(headerOf(extent, { directorySector: atEnd, overhead, isCompressed: true, zeroGrains: false }));
  file.add(Buffer.concat([descriptor, Buffer.alloc(descriptorSectors * sectorBytes - descriptor.length)]));
  const tables = Math.ceil(extent.grains / tableEntries);
  const directory = Buffer.alloc(tables * 4);
  for (let table = 0; table < tables; table += 1) {
    const entries = Buffer.alloc(tableSectors * sectorBytes);
    let isEmpty = true;
    for (let index = 0; index < tableEntries; index += 1) {
      const grain = table * tableEntries + index;
      const bytes = extent.stored.get(grain);
      if (bytes === undefined || bytes === null) continue;
      entries.writeUInt32LE(file.add(compressed(grain, bytes)), index * 4);
      isEmpty = false;
    }
    if (isEmpty) continue;
    file.add(markerOf(markers.table, tableSectors));
    directory.writeUInt32LE(file.add(entries), table * 4);
  }
  file.add(markerOf(markers.directory, Math.ceil(directory.length / sectorBytes)));
  const directorySector = BigInt(file.add(directory));
  file.add(markerOf(markers.footer, 1));
  file.add(headerOf(extent, { directorySector, overhead, isCompressed: true, zeroGrains: false }));
  file.add(markerOf(markers.endOfStream, 0));
  return file.finish();
}

function headerOf(
  { grains }: Extent,
  {
    directorySector,
    overhead,
    isCompressed,
    zeroGrains,
  }: {
    readonly directorySector: bigint;
    readonly overhead: number;
    readonly isCompressed: boolean;
    readonly zeroGrains: boolean;
  },
): Buffer {
  const header = Buffer.alloc(sectorBytes);
  header.write('KDMV', 'latin1');
  header.writeUInt32LE(isCompressed ? 3 : 1, 4);
  header.writeUInt32LE(0x1 | (zeroGrains ? 0x4 : 0) | (isCompressed ? 0x30000 : 0), 8);
  header.writeBigUInt64LE(BigInt(grains * grainSectors), 12);
  header.writeBigUInt64LE(BigInt(grainSectors), 20);
  header.writeBigUInt64LE(1n, 28);
  header.writeBigUInt64LE(BigInt(descriptorSectors), 36);
  header.writeUInt32LE(tableEntries, 44);
  header.writeBigUInt64LE(directorySector, 56);
  header.writeBigUInt64LE(BigInt(overhead), 64);
  header.write('\n \r\n', 73, 'latin1');
  header.writeUInt16LE(isCompressed ? 1 : 0, 77);
  return header;
}

function compressed(grain: number, bytes: Uint8Array): Buffer {
  const stored = deflateSync(bytes);
  const marker = Buffer.alloc(12);
  marker.writeBigUInt64LE(BigInt(grain * grainSectors));
  marker.writeUInt32LE(stored.length, 8);
  return Buffer.concat([marker, stored]);
}

function markerOf(type: number, sectors: number): Buffer {
  const marker = Buffer.alloc(sectorBytes);
  marker.writeBigUInt64LE(BigInt(sectors));
  marker.writeUInt32LE(type, 12);
  return marker;
}

import { deflateRawSync, zstdCompressSync } from 'node:zlib';
import type { BackupSync } from '@backup-sync/contracts';
import { seededBytes } from './seeded-bytes.ts';

/** What an image has of one cluster of the disk. `parts`: the bitmaps of 32 parts that are stored, or zeros. */
export type ClusterPlan =
  | 'nothing'
  | 'stored'
  | 'compressed'
  | 'zeros'
  | 'zeros with a place'
  | { readonly parts: { readonly stored: number; readonly zeros: number } };

export type Qcow2Plan = {
  readonly seed: string;
  readonly imagePath: string;
  readonly clusters: readonly ClusterPlan[];
  /** Bytes of the disk (default: all clusters). */
  readonly size?: number;
  readonly version?: 2 | 3;
  readonly clusterBits?: number;
  readonly backing?: { readonly name: string; readonly format: string | null };
  readonly compression?: 'deflate' | 'zstd';
  /** Bits of incompatible and compatible features, beyond those that the plan needs. */
  readonly incompatible?: number;
  readonly compatible?: number;
  readonly crypt?: number;
  /** Entries of the first-level table that the disk does not need. */
  readonly moreL1Entries?: number;
  /** Ends the object with the last compressed byte, as QEMU does while it runs. `qemu-img` fills the sector. */
  readonly endsInSector?: boolean;
};

/** An image, and where its parts are. */
export type WrittenQcow2 = {
  readonly plan: Qcow2Plan;
  readonly imagePath: string;
  readonly bytes: Buffer;
  readonly l1: number;
  /** The second-level tables. */
  readonly l2: readonly number[];
  /** The data of each cluster; -1 if it is not stored. */
  readonly data: readonly number[];
};

const refcountTableCluster = 1;
const refcountBlockCluster = 2;
const l1Cluster = 3;
const sectorBytes = 512;
const claimed = 1n << 63n;
const compressedFlag = 1n << 62n;

/** Writes an image as `qemu-img` does: header, counts, first-level table, and then each table before its clusters. */
export function writeQcow2(plan: Qcow2Plan): WrittenQcow2 {
  const { clusters, clusterBits = 9, moreL1Entries = 0, endsInSector = false } = plan;
  const clusterBytes = 2 ** clusterBits;
  const hasParts = clusters.some((cluster) => typeof cluster === 'object');
  const entryBytes = hasParts ? 16 : 8;
  const tableEntries = clusterBytes / entryBytes;
  const tables = Math.ceil(clusters.length / tableEntries);
  const l1Clusters = Math.ceil(((tables + moreL1Entries) * 8) / clusterBytes);
  const image = new Growing(clusterBytes, l1Cluster + l1Clusters);
  const l2: number[] = [];
  const data: number[] = [];
  for (let table = 0; table < tables; table += 1) {
    const own = clusters.slice(table * tableEntries, (table + 1) * tableEntries);
    if (own.every((cluster) => cluster === 'nothing')) {
      data.push(...own.map(() => -1));
      continue;
    }
    const at = image.takeCluster();
    l2[table] = at;
    image.bytes.writeBigUInt64BE(claimed | BigInt(at), l1Cluster * clusterBytes + table * 8);
    for (const [index, cluster] of own.entries()) {
      const plain = plainOf(plan, table * tableEntries + index, clusterBytes);
      const { entry, bitmap, place } = writeCluster(image, plan, cluster, { plain, hasParts });
      data.push(place);
      image.bytes.writeBigUInt64BE(entry, at + index * entryBytes);
      if (hasParts) image.bytes.writeBigUInt64BE(bitmap, at + index * entryBytes + 8);
    }
  }
  const bytes = image.finish(endsInSector ? 1 : sectorBytes);
  writeHeader(bytes, plan, { clusterBits, l1Entries: tables + moreL1Entries, hasParts });
  writeRefcounts(bytes, clusterBytes, image.counts);
  return { plan, imagePath: plan.imagePath, bytes, l1: l1Cluster * clusterBytes, l2, data };
}

/** The disk that a chain gives, the image at its bottom first. */
export function volumeOf(chain: readonly WrittenQcow2[]): Buffer {
  let volume = Buffer.alloc(0);
  for (const { plan } of chain) {
    const clusterBytes = 2 ** (plan.clusterBits ?? 9);
    const size = plan.size ?? plan.clusters.length * clusterBytes;
    const next = Buffer.alloc(size);
    volume.copy(next);
    for (const [index, cluster] of plan.clusters.entries()) {
      const plain = plainOf(plan, index, clusterBytes);
      const partBytes = clusterBytes / 32;
      const parts = partsOf(cluster);
      for (let part = 0; part < 32; part += 1) {
        const offset = index * clusterBytes + part * partBytes;
        const end = Math.min(size, offset + partBytes);
        if ((parts.zeros & (1 << part)) !== 0) next.fill(0, Math.min(size, offset), end);
        else if ((parts.stored & (1 << part)) !== 0) {
          plain.copy(next, Math.min(size, offset), part * partBytes, part * partBytes + Math.max(0, end - offset));
        }
      }
    }
    volume = next;
  }
  return volume;
}

export function syncItemOfQcow2({ plan, imagePath }: WrittenQcow2, bucketName: string): BackupSync {
  return {
    backup_id: `id of ${plan.seed}`,
    backup_name: plan.seed,
    bucket_name: bucketName,
    image_path: imagePath,
    resource_id: 'disk-1',
    resource_name: 'disk',
    resource_type: 'QEMU::Disk',
    created_at: Date.UTC(2026, 2, 1, 3) / 1000,
  };
}

/** A cluster of data of which half can be compressed. */
function plainOf({ seed }: Qcow2Plan, cluster: number, clusterBytes: number): Buffer {
  const plain = Buffer.alloc(clusterBytes, cluster + 1);
  plain.set(seededBytes(`${seed} ${cluster}`, clusterBytes / 2));
  return plain;
}

function partsOf(cluster: ClusterPlan): { readonly stored: number; readonly zeros: number } {
  if (typeof cluster === 'object') return cluster.parts;
  const all = 0xffff_ffff;
  if (cluster === 'nothing') return { stored: 0, zeros: 0 };
  return cluster === 'stored' || cluster === 'compressed' ? { stored: all, zeros: 0 } : { stored: 0, zeros: all };
}

function writeCluster(
  image: Growing,
  { clusterBits = 9, compression = 'deflate' }: Qcow2Plan,
  cluster: ClusterPlan,
  { plain, hasParts }: { readonly plain: Buffer; readonly hasParts: boolean },
) {
  const { stored, zeros } = partsOf(cluster);
  const bitmap = (BigInt(zeros >>> 0) << 32n) | BigInt(stored >>> 0);
  if (cluster === 'nothing') return { entry: 0n, bitmap: 0n, place: -1 };
  if (cluster === 'zeros') return { entry: hasParts ? 0n : 1n, bitmap, place: -1 };
  if (cluster === 'compressed') {
    const frame = compression === 'zstd' ? zstdCompressSync(plain) : deflateRawSync(plain);
    const place = image.takePacked(frame);
    const sectors = Math.floor((place + frame.length - 1) / 512) - Math.floor(place / 512);
    const bits = BigInt(62 - (clusterBits - 8));
    return { entry: compressedFlag | (BigInt(sectors) << bits) | BigInt(place), bitmap: 0n, place };
  }
  const place = image.takeCluster();
  if (cluster !== 'zeros with a place') plain.copy(image.bytes, place);
  const isZero = cluster === 'zeros with a place' && !hasParts ? 1n : 0n;
  return { entry: claimed | BigInt(place) | isZero, bitmap, place };
}

function writeHeader(
  bytes: Buffer,
  plan: Qcow2Plan,
  {
    clusterBits,
    l1Entries,
    hasParts,
  }: { readonly clusterBits: number; readonly l1Entries: number; readonly hasParts: boolean },
): void {
  const { version = 3, clusters, size = clusters.length * 2 ** clusterBits, backing, compression } = plan;
  const { incompatible = 0, compatible = 0, crypt = 0 } = plan;
  bytes.write('QFI\xfb', 0, 'latin1');
  bytes.writeUInt32BE(version, 4);
  bytes.writeUInt32BE(clusterBits, 20);
  bytes.writeBigUInt64BE(BigInt(size), 24);
  bytes.writeUInt32BE(crypt, 32);
  bytes.writeUInt32BE(l1Entries, 36);
  bytes.writeBigUInt64BE(BigInt(l1Cluster * 2 ** clusterBits), 40);
  bytes.writeBigUInt64BE(BigInt(refcountTableCluster * 2 ** clusterBits), 48);
  bytes.writeUInt32BE(1, 56);
  let at = 72;
  if (version === 3) {
    const isZstd = compression === 'zstd';
    bytes.writeUInt32BE(incompatible | (isZstd ? 8 : 0) | (hasParts ? 16 : 0), 76);
    bytes.writeUInt32BE(compatible, 84);
    bytes.writeUInt32BE(4, 96);
    bytes.writeUInt32BE(112, 100);
    bytes.writeUInt8(isZstd ? 1 : 0, 104);
    at = 112;
  }
  if (backing === undefined) return;
  if (backing.format !== null) {
    bytes.writeUInt32BE(0xe2792aca, at);
    bytes.writeUInt32BE(backing.format.length, at + 4);
    bytes.write(backing.format, at + 8);
    at += 8 + Math.ceil(backing.format.length / 8) * 8;
  }
  const nameAt = at + 8;
  bytes.writeBigUInt64BE(BigInt(nameAt), 8);
  bytes.writeUInt32BE(Buffer.byteLength(backing.name), 16);
  bytes.write(backing.name, nameAt);
}

function writeRefcounts(bytes: Buffer, clusterBytes: number, counts: readonly number[]): void {
  bytes.writeBigUInt64BE(BigInt(refcountBlockCluster * clusterBytes), refcountTableCluster * clusterBytes);
  for (const [cluster, count] of counts.slice(0, clusterBytes / 2).entries()) {
    bytes.writeUInt16BE(count, refcountBlockCluster * clusterBytes + cluster * 2);
  }
}

/** An image while it is written. */
class Growing {
  readonly #clusterBytes: number;
  bytes: Buffer;
  /** How often each cluster is used. */
  readonly counts: number[];
  /** Where the next packed bytes begin; null if the last cluster has no room for them. */
  #packed: number | null = null;

  constructor(clusterBytes: number, clusters: number) {
    this.#clusterBytes = clusterBytes;
    this.bytes = Buffer.alloc(clusters * clusterBytes);
    this.counts = Array.from({ length: clusters }, () => 1);
  }

  takeCluster(): number {
    const at = this.bytes.length;
    this.bytes = Buffer.concat([this.bytes, Buffer.alloc(this.#clusterBytes)]);
    this.counts.push(1);
    this.#packed = null;
    return at;
  }

  takePacked(bytes: Buffer): number {
    const place = this.#packed ?? this.takeCluster();
    while (this.bytes.length < place + bytes.length) this.takeCluster();
    bytes.copy(this.bytes, place);
    this.#packed = place + bytes.length;
    return place;
  }

  /** After compressed clusters, an image ends at a multiple of so many bytes. */
  finish(unitBytes: number): Buffer {
    return this.#packed === null ? this.bytes : this.bytes.subarray(0, Math.ceil(this.#packed / unitBytes) * unitBytes);
  }
}

import { createHash } from 'node:crypto';
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import type { BackupSync, ChainManifest, ChainManifestObject } from '@backup-sync/contracts';
import { changedRuns, hashBlocks } from './cinder-writer.ts';

/** The content and settings of one backup to write. */
export type ManifestBackupPlan = {
  readonly backupId: string;
  readonly imagePath: string;
  readonly createdAtMs: number;
  /** The bytes of the volume at that time; not longer than the parent's volume. */
  readonly volume: Uint8Array;
  /** Makes the backup an increment on this one. */
  readonly parent?: WrittenManifest;
  /** The location of the parent in the manifest (default: none). */
  readonly parentPlace?: { readonly bucket_name?: string; readonly image_path?: string };
  /** Maximum number of bytes of the volume in one object: a multiple of `blockBytes`. */
  readonly objectBytes: number;
  readonly blockBytes: number;
};

/** A backup as stored in a bucket. */
export type WrittenManifest = {
  readonly plan: ManifestBackupPlan;
  readonly imagePath: string;
  readonly manifest: ChainManifest;
  /** SHA-256 of each block of the whole volume, hex. */
  readonly hashes: readonly string[];
  /** Every object of the backup by its key, in the order of writing. */
  readonly objects: ReadonlyMap<string, Uint8Array>;
};

const compressors = [
  ['none', (data: Uint8Array) => data],
  ['zlib', deflateSync],
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
] as const;

/** Writes one backup with this project's manifest. Each object is compressed in a different way, in turn. */
export function writeManifestBackup(plan: ManifestBackupPlan): WrittenManifest {
  const { backupId, imagePath, volume, parent, objectBytes, blockBytes } = plan;
  const hashes = hashBlocks(volume, blockBytes);
  const packed = Buffer.from(hashes.join(''), 'hex');
  const data = new Map<string, Uint8Array>();
  const named: ChainManifestObject[] = [];
  const writeObject = (offset: number, end: number) => {
    const plain = volume.subarray(offset, end);
    const [compression, compress] = compressors[named.length % compressors.length] ?? compressors[0];
    const stored = compress(plain);
    const key = `data/${String(named.length + 1).padStart(6, '0')}`;
    data.set(`${imagePath}/${key}`, stored);
    const [length, sha256] = [plain.length, hex('sha256', plain)];
    const stored_md5 = hex('md5', stored);
    named.push({ key, offset, length, stored_size: stored.length, compression, sha256, stored_md5 });
  };
  for (let start = 0; start < volume.length; start += objectBytes) {
    const end = Math.min(start + objectBytes, volume.length);
    if (parent === undefined) writeObject(start, end);
    else for (const [from, to] of changedRuns(hashes, parent.hashes, blockBytes, start, end)) writeObject(from, to);
  }
  const manifest: ChainManifest = {
    format: 'backup-sync-manifest',
    version: '1',
    backup: { id: backupId, name: `backup ${backupId}`, created_at: new Date(plan.createdAtMs).toISOString() },
    resource: { id: 'vm-7/disk-0', name: 'mail disk', type: 'Example::Volume' },
    parent: parent === undefined ? null : { backup_id: parent.plan.backupId, ...plan.parentPlace },
    volume_size: volume.length,
    block_size: blockBytes,
    block_hashes: { key: 'block-hashes.bin', size: packed.length, sha256: hex('sha256', packed) },
    objects: named,
  };
  const objects = new Map<string, Uint8Array>([
    [`${imagePath}/block-hashes.bin`, packed],
    ...data,
    [`${imagePath}/manifest.json`, Buffer.from(JSON.stringify(manifest, null, 2))],
  ]);
  return { plan, imagePath, manifest, hashes, objects };
}

/** The item of a sync request for a backup. */
export function syncItemOfManifest({ manifest, imagePath }: WrittenManifest, bucketName: string): BackupSync {
  const { backup, resource } = manifest;
  return {
    backup_id: backup.id,
    backup_name: backup.name,
    bucket_name: bucketName,
    image_path: imagePath,
    resource_id: resource.id,
    resource_name: resource.name,
    resource_type: resource.type,
    created_at: Math.floor(Date.parse(backup.created_at) / 1000),
  };
}

function hex(algorithm: string, bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest('hex');
}

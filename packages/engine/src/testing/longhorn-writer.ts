import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { BackupSync } from '@backup-sync/contracts';
import { seededBytes } from './seeded-bytes.ts';

/** A volume's backups as stored in a Longhorn backupstore. */
export type WrittenLonghorn = {
  readonly volumeName: string;
  readonly volumeFolder: string;
  /** Image paths, the oldest backup first. */
  readonly imagePaths: readonly string[];
  /** Keys of the blocks that each backup names, in the order of their offsets. */
  readonly blockKeys: readonly (readonly string[])[];
  readonly objects: ReadonlyMap<string, Uint8Array>;
};

const blockBytes = 4096;
const firstCreatedAtMs = Date.UTC(2026, 2, 1, 2);
const dayMs = 24 * 60 * 60 * 1000;

/**
 * Writes the backups of a volume of `blocks` blocks the way Longhorn does: one backup for each list of blocks that
 * changed before it. A block that was never written is in no backup. The same seed gives the same bytes.
 */
export function writeLonghornVolume(
  seed: string,
  blocks: number,
  changes: readonly (readonly number[])[],
): WrittenLonghorn {
  const volumeName = `pvc-${seed}`;
  const volumeHash = sha512(volumeName);
  const volumeFolder = `cluster/backupstore/volumes/${volumeHash.slice(0, 2)}/${volumeHash.slice(2, 4)}/${volumeName}/`;
  const objects = new Map<string, Uint8Array>();
  const map = new Map<number, string>();
  const imagePaths: string[] = [];
  const blockKeys: string[][] = [];
  for (const [day, changed] of changes.entries()) {
    for (const block of changed) {
      const data = new Uint8Array(blockBytes);
      data.set(seededBytes(`${seed}/${day}/${block}`, 64));
      map.set(block, sha512(data));
      objects.set(`${volumeFolder}${keyOf(sha512(data))}`, gzipSync(data));
    }
    const sorted = [...map].toSorted(([one], [other]) => one - other);
    const name = `backup-${seed}${day}`;
    const imagePath = `${volumeFolder}backups/backup_${name}.cfg`;
    const createdTime = new Date(firstCreatedAtMs + day * dayMs).toISOString().replace('.000', '');
    const cfg = {
      Name: name,
      VolumeName: volumeName,
      SnapshotName: `snap-${day}`,
      SnapshotCreatedAt: createdTime,
      CreatedTime: createdTime,
      Size: String(sorted.length * blockBytes),
      Labels: { KubernetesStatus: '{"pvcName":"mail"}' },
      Parameters: { 'backup-block-size': '4Ki', 'backup-mode': 'incremental' },
      IsIncremental: day > 0,
      CompressionMethod: 'gzip',
      NewlyUploadedDataSize: String(changed.length * blockBytes),
      ReUploadedDataSize: '0',
      ProcessingBlocks: day % 2 === 0 ? {} : null,
      ...(sorted.length > 0 && {
        Blocks: sorted.map(([block, checksum]) => ({ Offset: block * blockBytes, BlockChecksum: checksum })),
      }),
      SingleFile: { FilePath: '' },
    };
    objects.set(imagePath, Buffer.from(JSON.stringify(cfg)));
    imagePaths.push(imagePath);
    blockKeys.push(sorted.map(([, checksum]) => `${volumeFolder}${keyOf(checksum)}`));
  }
  const volumeCfg = {
    Name: volumeName,
    Size: String(blocks * blockBytes),
    Labels: {},
    LastBackupName: `backup-${seed}${changes.length - 1}`,
    BlockCount: '1',
    CompressionMethod: 'gzip',
    DataEngine: '"v1"',
  };
  objects.set(`${volumeFolder}volume.cfg`, Buffer.from(JSON.stringify(volumeCfg)));
  objects.set(`${volumeFolder}locks/lock-abc.lck`, Buffer.from('{}'));
  return { volumeName, volumeFolder, imagePaths, blockKeys, objects };
}

/** The items of a sync request for all backups of a volume. */
export function syncItemsOfLonghorn({ imagePaths, volumeName }: WrittenLonghorn, bucketName: string): BackupSync[] {
  return imagePaths.map((imagePath, day) => {
    const name = imagePath.slice(imagePath.lastIndexOf('/backup_') + '/backup_'.length, -'.cfg'.length);
    return {
      backup_id: name,
      backup_name: name,
      bucket_name: bucketName,
      image_path: imagePath,
      resource_id: volumeName,
      resource_name: volumeName,
      resource_type: 'Longhorn::Volume',
      created_at: (firstCreatedAtMs + day * dayMs) / 1000,
    };
  });
}

/** First 64 hex digits. */
function sha512(data: Uint8Array | string): string {
  return createHash('sha512').update(data).digest('hex').slice(0, 64);
}

function keyOf(checksum: string): string {
  return `blocks/${checksum.slice(0, 2)}/${checksum.slice(2, 4)}/${checksum}.blk`;
}

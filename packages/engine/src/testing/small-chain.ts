import type { BackupSync } from '@backup-sync/contracts';
import { type CinderBackupPlan, type WrittenBackup, writeCinderBackup } from './cinder-writer.ts';
import { seededBytes, seededUuid } from './seeded-bytes.ts';

const blockBytes = 512;
const objectBytes = 4 * blockBytes;
const firstTakenAtMs = Date.UTC(2026, 2, 1, 2);
const dayMs = 24 * 60 * 60 * 1000;

/** The blocks that change in each increment of a small chain. */
export type BlockChanges = readonly (readonly number[])[];

/**
 * Writes a chain on a volume of `blocks` blocks of 512 bytes, in objects of four blocks: a full backup, then one
 * increment for each list of changed blocks. In every other object the blocks shrink when compressed. The default
 * layout is the S3 driver's.
 */
export function writeSmallChain(
  seed: string,
  blocks: number,
  changes: BlockChanges,
  layout: Pick<CinderBackupPlan, 'layout' | 'folder'> = {},
): readonly WrittenBackup[] {
  const volumeId = seededUuid(`${seed}/volume`);
  let volume = new Uint8Array(blocks * blockBytes);
  for (let block = 0; block < blocks; block += 1) fillBlock(volume, block, `${seed}/0`);
  const chain: WrittenBackup[] = [];
  for (const [day, changed] of [[], ...changes].entries()) {
    volume = volume.slice();
    for (const block of changed) fillBlock(volume, block, `${seed}/${day}`);
    const parent = chain.at(-1);
    chain.push(
      writeCinderBackup({
        volumeId,
        backupId: seededUuid(`${seed}/backup/${day}`),
        takenAtMs: firstTakenAtMs + day * dayMs,
        volume,
        name: `daily-${day}`,
        objectBytes,
        blockBytes,
        ...layout,
        ...(parent === undefined ? {} : { parent }),
      }),
    );
  }
  return chain;
}

function fillBlock(volume: Uint8Array, block: number, seed: string): void {
  // A block that is four fifths zero shrinks when compressed; a block full of data does not.
  const length = Math.floor(block / (objectBytes / blockBytes)) % 2 === 0 ? blockBytes : blockBytes / 5;
  volume.fill(0, block * blockBytes, (block + 1) * blockBytes);
  volume.set(seededBytes(`${seed}/${block}`, Math.floor(length)), block * blockBytes);
}

/** The item of a backup in a sync request. */
export function syncItemOf(backup: WrittenBackup, bucketName: string): BackupSync {
  const { plan, imagePath } = backup;
  return {
    backup_id: plan.backupId,
    backup_name: plan.name ?? plan.backupId,
    bucket_name: bucketName,
    image_path: imagePath,
    resource_id: plan.volumeId,
    resource_name: `volume-${plan.volumeId.slice(0, 8)}`,
    resource_type: 'OS::Cinder::Volume',
    created_at: plan.takenAtMs / 1000,
  };
}

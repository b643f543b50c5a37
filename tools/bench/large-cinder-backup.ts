import { createCipheriv, createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { pythonDatetime, pythonJson } from '../../packages/engine/src/testing/python-text.ts';
import { seededUuid } from '../../packages/engine/src/testing/seeded-bytes.ts';

const objectBytes = 52_428_800;
const blockBytes = 32_768;
const takenAtMs = Date.UTC(2026, 2, 1, 2);

export type LargeBackup = {
  readonly volumeId: string;
  readonly backupId: string;
  readonly imagePath: string;
  readonly takenAtMs: number;
  readonly storedBytes: number;
};

/**
 * Writes a full backup as Cinder does into a bucket of a directory. The volume is never in memory as a whole. Half of
 * each block can be compressed, half cannot.
 */
export async function writeLargeBackup(
  bucketDirectory: string,
  plainBytes: number,
  compression: 'none' | 'zlib',
): Promise<LargeBackup> {
  const volumeId = seededUuid(`bench/${compression}`);
  const backupId = seededUuid(`bench/${compression}/backup`);
  const time = new Date(takenAtMs).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '');
  const imagePath = `volume_${volumeId}/${time}/az_nova_backup_${backupId}`;
  await mkdir(join(bucketDirectory, dirname(imagePath)), { recursive: true });
  const random = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16));
  const named: Record<string, object>[] = [];
  const sha256s: string[] = [];
  let storedBytes = 0;
  for (let offset = 0; offset < plainBytes; offset += objectBytes) {
    const plain = random.update(Buffer.alloc(Math.min(objectBytes, plainBytes - offset)));
    for (let block = 0; block < plain.length; block += blockBytes) {
      plain.fill('text that repeats itself, ', block, block + blockBytes / 2);
      sha256s.push(
        createHash('sha256')
          .update(plain.subarray(block, block + blockBytes))
          .digest('hex'),
      );
    }
    const key = `${imagePath}-${String(named.length + 1).padStart(5, '0')}`;
    const stored = compression === 'zlib' ? deflateSync(plain) : plain;
    storedBytes += stored.length;
    await writeFile(join(bucketDirectory, key), stored);
    const md5 = createHash('md5').update(plain).digest('hex');
    named.push({ [key]: { offset, length: plain.length, compression, md5 } });
  }
  const header = {
    version: '1.0.0',
    backup_id: backupId,
    volume_id: volumeId,
    backup_name: null,
    backup_description: null,
    created_at: pythonDatetime(takenAtMs),
  };
  await writeFile(
    join(bucketDirectory, `${imagePath}_sha256file`),
    pythonJson({ ...header, chunk_size: blockBytes, sha256s }),
  );
  await writeFile(
    join(bucketDirectory, `${imagePath}_metadata`),
    pythonJson({ ...header, objects: named, parent_id: null, volume_meta: null }),
  );
  return { volumeId, backupId, imagePath, takenAtMs, storedBytes };
}

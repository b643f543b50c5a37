import { createHash } from 'node:crypto';
import type { BackupSync } from '@backup-sync/contracts';
import { seededBytes } from './seeded-bytes.ts';

/** What a repository of restic consists of. */
export type ResticPlan = {
  readonly seed: string;
  /** Folder of the repository, without a slash at the end; empty for the top of the bucket. */
  readonly folder: string;
  /** Number of snapshots. Each has an object of the index, and the first, the second, … that number of packs. */
  readonly snapshots: number;
  /** Number of keys (default: 1). */
  readonly keys?: number;
  /** Names of folders as they were in S3 until 2016 (default: those of today). */
  readonly isOld?: boolean;
};

export type WrittenRepository = {
  readonly plan: ResticPlan;
  readonly objects: Map<string, Uint8Array>;
  /** Image paths of the snapshots, in the order in which they were made. */
  readonly snapshots: readonly string[];
};

const createdAtS = Date.UTC(2026, 2, 1, 3) / 1000;

/**
 * Writes a repository with the names, sizes and order of restic. Nothing in it is really encrypted: without the password
 * nobody can tell.
 */
export function writeResticRepository(plan: ResticPlan): WrittenRepository {
  const { seed, folder, snapshots: count, keys = 1, isOld = false } = plan;
  const root = folder === '' ? '' : `${folder}/`;
  const plural = isOld ? '' : 's';
  const objects = new Map<string, Uint8Array>([[`${root}config`, seededBytes(`${seed}/config`, 155)]]);
  const add = (prefix: string, bytes: Uint8Array): string => {
    const name = createHash('sha256').update(bytes).digest('hex');
    const inside = prefix === 'data' && !isOld ? `${name.slice(0, 2)}/` : '';
    const key = `${root}${prefix}/${inside}${name}`;
    objects.set(key, bytes);
    return key;
  };
  for (let key = 1; key <= keys; key += 1) add(`key${plural}`, writeResticKey(`${seed}/key ${key}`));
  const snapshots: string[] = [];
  for (let snapshot = 1; snapshot <= count; snapshot += 1) {
    const name = `${seed}/snapshot ${snapshot}`;
    for (let pack = 1; pack <= snapshot; pack += 1) add('data', seededBytes(`${name}/pack ${pack}`, 900 + pack));
    add('index', seededBytes(`${name}/index`, 300));
    snapshots.push(add(`snapshot${plural}`, seededBytes(name, 210)));
  }
  return { plan, objects, snapshots };
}

/** A key object as restic writes it. */
export function writeResticKey(seed: string, changes: Record<string, unknown> = {}): Uint8Array {
  const document = {
    created: '2026-03-01T02:00:00.000000000Z',
    username: 'backup',
    hostname: 'web-1',
    kdf: 'scrypt',
    ...{ N: 32_768, r: 8, p: 5 },
    salt: Buffer.from(seededBytes(`${seed}/salt`, 64)).toString('base64'),
    data: Buffer.from(seededBytes(`${seed}/data`, 160)).toString('base64'),
    ...changes,
  };
  return Buffer.from(JSON.stringify(document));
}

export function syncItemsOfRestic({ plan, snapshots }: WrittenRepository, bucketName: string): readonly BackupSync[] {
  return snapshots.map((imagePath, index) => ({
    backup_id: imagePath.slice(-64),
    backup_name: `${plan.seed}-${index + 1}`,
    bucket_name: bucketName,
    image_path: imagePath,
    resource_id: `repository ${plan.seed}`,
    resource_name: plan.folder,
    resource_type: 'Restic::Repository',
    created_at: createdAtS + index * 86_400,
  }));
}

// pnpm run examples: writes examples/ again: small backups of generated volumes and servers.
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BackupSync } from '../packages/contracts/src/index.ts';
import { describeBackup } from '../packages/engine/src/chain/examiner.ts';
import { itemOf } from '../packages/engine/src/scans/sync-item.ts';
import { openFilesystemStorageUnit } from '../packages/engine/src/storage/filesystem/filesystem-storage-unit.ts';
import { type WrittenBackup, writeCinderBackup } from '../packages/engine/src/testing/cinder-writer.ts';
import { diskBytes, filesOfPackage, storePackage, streamedDisk } from '../packages/engine/src/testing/ovf-writer.ts';
import { type Qcow2Plan, writeQcow2 } from '../packages/engine/src/testing/qcow2-writer.ts';
import { seededBytes, seededUuid } from '../packages/engine/src/testing/seeded-bytes.ts';
import { syncItemOf } from '../packages/engine/src/testing/small-chain.ts';
import { putObjects } from '../packages/engine/src/testing/test-buckets.ts';

const examples = join(import.meta.dirname, '..', 'examples');
const buckets = join(examples, 'buckets');
/** A second copy of a bucket, which operators may have. It still has what the buckets have lost. */
const secondCopy = join(examples, 'second-copy');
const volumeBucket = 'volumebackups';
const serverBucket = 'vmware-backups';
const imageBucket = 'images';
const blockBytes = 32 * 1024;
const volumeBytes = 16 * blockBytes;
const dayMs = 24 * 60 * 60 * 1000;
const firstMs = Date.UTC(2026, 8, 1, 2);

/** Creates a full backup, and one increment for each list of changed blocks. */
function writeChain(name: string, changes: readonly (readonly number[])[]): WrittenBackup[] {
  const chain: WrittenBackup[] = [];
  let volume = new Uint8Array(volumeBytes);
  // Half a block of data in every fourth block. The rest is empty, as in usual volumes.
  for (let offset = 0; offset < volumeBytes; offset += 4 * blockBytes) {
    volume.set(seededBytes(`${name}/${offset}`, blockBytes / 2), offset);
  }
  for (const [day, blocks] of [[], ...changes].entries()) {
    volume = volume.slice();
    for (const block of blocks) volume.set(seededBytes(`${name}/${day}/${block}`, 4096), block * blockBytes);
    const parent = chain.at(-1);
    chain.push(
      writeCinderBackup({
        volumeId: seededUuid(name),
        backupId: seededUuid(`${name}/backup/${day}`),
        takenAtMs: firstMs + day * dayMs,
        volume,
        name: `${name}-${day === 0 ? 'full' : `day-${day}`}`,
        objectBytes: 4 * blockBytes,
        blockBytes,
        ...(parent !== undefined && { parent }),
      }),
    );
  }
  return chain;
}

/** Stores a package of a virtual machine, and a disk image with an overlay. Returns where they are. */
async function writeImages(): Promise<readonly (readonly [imagePath: string, madeAtMs: number])[]> {
  const appliance = 'exports/shop-server';
  const { bytes } = streamedDisk('shop-server');
  const disks = [{ id: 'disk-0', file: { name: 'shop-server-disk-0.vmdk', bytes }, capacityBytes: diskBytes }];
  const files = filesOfPackage({ imagePath: appliance, name: 'shop-server', disks, algorithm: 'sha256' });
  await putObjects(buckets, imageBucket, storePackage(appliance, files));
  const base: Qcow2Plan = {
    seed: 'file-server',
    imagePath: 'disks/file-server.qcow2',
    clusterBits: 12,
    clusters: ['stored', 'nothing', 'stored', 'zeros', 'compressed'],
  };
  const overlay: Qcow2Plan = {
    seed: 'file-server/day-1',
    imagePath: 'disks/file-server-day-1.qcow2',
    clusterBits: 12,
    clusters: ['nothing', 'stored', 'nothing', 'nothing', 'nothing'],
    backing: { name: 'file-server.qcow2', format: 'qcow2' },
  };
  const images = [base, overlay].map(writeQcow2);
  for (const image of images) await putObjects(buckets, imageBucket, [[image.imagePath, image.bytes]]);
  return [
    [appliance, firstMs],
    [base.imagePath, firstMs],
    [overlay.imagePath, firstMs + dayMs],
  ];
}

/** The item that a scan would find at an image path. The time of its objects is when the examples were written. */
async function describeImage(imagePath: string, madeAtMs: number): Promise<BackupSync> {
  await using storage = await openFilesystemStorageUnit({ id: 'examples', directory: buckets });
  const { signal } = new AbortController();
  const described = await describeBackup({ storage, bucketName: imageBucket, signal }, imagePath);
  if (described === null) throw new Error(`${imagePath} is in no known format`);
  const item = itemOf({ ...described, createdAtS: madeAtMs / 1000 }, { bucketName: imageBucket, imagePath });
  if ('code' in item) throw new Error(item.detail);
  return item;
}

async function writeJson(file: string, value: unknown): Promise<void> {
  await writeFile(join(examples, file), `${JSON.stringify(value, null, 2)}\n`);
}

for (const directory of [buckets, secondCopy]) await rm(directory, { recursive: true, force: true });
const database = writeChain('database-disk', [[1, 2, 9], [5]]);
const mail = writeChain('mail-disk', []);
for (const backup of [...database, ...mail]) await putObjects(buckets, volumeBucket, backup.objects);
// Broken on purpose: a data object is missing.
const [mailBackup] = mail;
if (mailBackup === undefined) throw new Error('the chain has a full backup');
const lostObject = join(volumeBucket, `${mailBackup.imagePath}-00002`);
await mkdir(dirname(join(secondCopy, lostObject)), { recursive: true });
await rename(join(buckets, lostObject), join(secondCopy, lostObject));

// An unknown format: only its presence can be proved.
const serverPath = ['plan', 'server', 'backup'].map((part) => seededUuid(`web-server/${part}`)).join('/');
await putObjects(buckets, serverBucket, [
  [`${serverPath}/descriptor.json`, `${JSON.stringify({ disks: ['disk-0.bin'] })}\n`],
  [`${serverPath}/disk-0.bin`, seededBytes('web-server/disk', 8192)],
]);
const server = {
  backup_id: seededUuid('web-server/backup'),
  backup_name: 'web-server',
  bucket_name: serverBucket,
  image_path: serverPath,
  resource_id: seededUuid('web-server/server'),
  resource_name: 'web-server',
  resource_type: 'OS::VMware::Server',
  created_at: firstMs / 1000,
};

const named = (backup: WrittenBackup) => ({
  ...syncItemOf(backup, volumeBucket),
  resource_name: backup === mailBackup ? 'mail-disk' : 'database-disk',
});
const images: BackupSync[] = [];
for (const [imagePath, madeAtMs] of await writeImages()) images.push(await describeImage(imagePath, madeAtMs));
await writeJson('image-request.json', { sync: images });
await writeJson('sync-request.json', { sync: [...database.map(named), server, named(mailBackup)] });
await writeJson('expected-results.json', {
  ...Object.fromEntries(database.map(({ plan }) => [plan.backupId, { level: 'linkage', reason: null }])),
  [server.backup_id]: { level: 'presence', reason: null },
  [mailBackup.plan.backupId]: { level: 'metadata', reason: 'object_missing' },
  // An overlay does not say which content its backing file had.
  ...Object.fromEntries(
    images.map(({ backup_id }, index) => [backup_id, { level: index < 2 ? 'linkage' : 'inventory', reason: null }]),
  ),
});

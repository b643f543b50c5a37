import { expect, test } from 'vitest';
import { chainContext } from '../../../testing/chain-context.ts';
import { syncItemOfManifest, writeManifestBackup } from '../../../testing/manifest-writer.ts';
import { openMemoryStorageUnit } from '../../../testing/memory-storage-unit.ts';
import { seededBytes } from '../../../testing/seeded-bytes.ts';
import { PathListings } from '../../path-listings.ts';
import { openManifestChain } from './manifest-format.ts';

const bucketName = 'backups';
const backup = writeManifestBackup({
  backupId: 'many',
  imagePath: 'plan/disk/many',
  createdAtMs: Date.UTC(2026, 2, 1),
  volume: seededBytes('many', 8 * 4096),
  objectBytes: 4096,
  blockBytes: 4096,
});
const item = syncItemOfManifest(backup, bucketName);

/** Opens a chain in an altered bucket. No more than three objects are kept from listings. */
function openWith(alter: (objects: Map<string, Uint8Array>) => void, provableMax?: number) {
  const objects = new Map(backup.objects);
  alter(objects);
  const context = chainContext(openMemoryStorageUnit(new Map([[bucketName, objects]])), bucketName, []);
  return openManifestChain({ ...context, listings: new PathListings(context, 3) }, provableMax);
}

test('a backup with more objects than can be kept is still proved', async () => {
  expect(await openWith(() => {}).examine(item)).toMatchObject({ level: 'linkage', fault: null });
});

test.each([
  ['object_missing', (objects: Map<string, Uint8Array>) => objects.delete(`${backup.imagePath}/data/000007`)],
  ['object_stray', (objects: Map<string, Uint8Array>) => objects.set(`${backup.imagePath}/data/x`, Buffer.from('x'))],
] as const)('%s is found in such a backup, too', async (code, alter) => {
  expect(await openWith(alter).examine(item)).toMatchObject({ level: 'metadata', fault: { code } });
});

test('a backup with more objects than can be proved stops at metadata, and says so', async () => {
  const examination = await openWith(() => {}, 5).examine(item);
  expect(examination).toMatchObject({ level: 'metadata', fault: null });
  expect(examination?.limit).toContain(`${backup.imagePath}: 10 objects are stored there`);
});

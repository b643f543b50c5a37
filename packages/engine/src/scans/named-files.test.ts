import { expect, test } from 'vitest';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { filesOfPackage, planOfPackage, storePackage } from '../testing/ovf-writer.ts';
import { scanOver } from '../testing/scan-over.ts';

const bucketName = 'backups';
const folder = 'exports/web-1';

test('a scan finds a package once, and the images next to it that it does not reference', async () => {
  const file = { name: 'web.qcow2', bytes: Buffer.from('an image') };
  const files = filesOfPackage({ ...planOfPackage(folder), disks: [{ id: 'disk', file, capacityBytes: 512 }] });
  const other = [`${folder}/other.qcow2`, file.bytes] as const;
  const storage = openMemoryStorageUnit(new Map([[bucketName, new Map([...storePackage(folder, files), other])]]));
  await using scan = await scanOver(storage, bucketName, { pathTemplate: null });
  await scan.run();
  const found = (await scan.findings()).map(({ state, format, image_path }) => `${state} ${format} ${image_path}`);
  expect(found.toSorted()).toEqual([`new ovf ${folder}`, `unreadable qcow2 ${folder}/other.qcow2`]);
});

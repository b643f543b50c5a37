import { describe, expect, test } from 'vitest';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { scanOver } from '../testing/scan-over.ts';
import { seededBytes } from '../testing/seeded-bytes.ts';

const bucketName = 'backups';

/** What a scan finds among objects of these keys. */
async function scan(keys: readonly string[], changes: Parameters<typeof scanOver>[2]): Promise<readonly string[]> {
  const objects = new Map(keys.map((key) => [key, seededBytes(key, 600)] as const));
  const storage = openMemoryStorageUnit(new Map([[bucketName, objects]]));
  await using over = await scanOver(storage, bucketName, changes);
  await over.run();
  expect(over.faults).toEqual([]);
  return (await over.findings()).map(({ state, format, image_path }) => `${state} ${format} ${image_path}`);
}

describe('a path template that matches a folder', () => {
  const pathTemplate = '{plan}/{backup_id}';

  test.each(['disk.vmdk', 'disk-flat.vmdk', 'disk.qcow2', 'vm.ova', 'images/disk.vmdk'])(
    'makes its file %s a part of that backup, for scans and for sources',
    async (name) => {
      const keys = [`plan/vm-7/${name}`, 'plan/vm-7/notes.txt', 'plan/vm-8/data.img'];
      const found = ['new unknown plan/vm-7', 'new unknown plan/vm-8'];
      expect(await scan(keys, { pathTemplate })).toEqual(found);
      // As the runs of a source with a template.
      expect(await scan(keys, { pathTemplate, formats: [] })).toEqual(found);
      // Also if the folder has nothing else.
      expect(await scan(keys.slice(0, 1), { pathTemplate })).toEqual(found.slice(0, 1));
    },
  );

  test('leaves a file alone that is the image path itself, or in no such folder', async () => {
    const keys = ['plan/vm-7/readme', 'plan/web.qcow2', 'top.qcow2'];
    const found = ['new unknown plan/vm-7', 'unreadable qcow2 plan/web.qcow2', 'unreadable qcow2 top.qcow2'];
    expect(await scan(keys, { pathTemplate })).toEqual(found);
  });

  test('does not make a package of a known format such a backup', async () => {
    const keys = ['plan/vm-7/disk.vmdk', 'plan/vm-7/vm.ovf'];
    expect(await scan(keys, { pathTemplate })).toEqual(['unreadable ovf plan/vm-7']);
  });
});

test('a scan of one folder of such a template finds its files by themselves', async () => {
  const changes = { pathTemplate: '{plan}/{backup_id}', prefix: 'plan/vm-7/' };
  expect(await scan(['plan/vm-7/disk.qcow2'], changes)).toEqual(['unreadable qcow2 plan/vm-7/disk.qcow2']);
});

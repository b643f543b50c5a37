import { expect, test } from 'vitest';
import { filesOfPackage, planOfPackage, storePackage, streamedDisk } from '../testing/ovf-writer.ts';
import { writeQcow2 } from '../testing/qcow2-writer.ts';
import { openTestEngine } from '../testing/test-engine.ts';

type Written = Iterable<readonly [string, Uint8Array]>;

function qcow2Of(night: number): Written {
  const clusters = Array.from({ length: night }, () => 'stored' as const);
  const { imagePath, bytes } = writeQcow2({ seed: `night ${night}`, imagePath: 'vm/web.qcow2', clusters });
  return [[imagePath, bytes]];
}

const vmdkOf = (night: number): Written => [['vm/web.vmdk', streamedDisk(`night ${night}`).bytes]];

function packageOf(night: number): Written {
  const { disks } = planOfPackage(`night ${night}`);
  return storePackage('vm/web', filesOfPackage(planOfPackage('vm/web', { disks })));
}

test.each([
  ['an image of QEMU', qcow2Of],
  ['a disk of VMware', vmdkOf],
  ['a package', packageOf],
])('a nightly upload of %s to one place updates its record', async (_, writtenOf) => {
  await using engine = await openTestEngine();
  const scanNight = async (night: number) => {
    const objects = [...writtenOf(night)];
    const storedBytes = objects.reduce((sum, [, bytes]) => sum + bytes.length, 0);
    const writtenAtMs = Date.UTC(2026, 2, night);
    await engine.buckets.put('images', objects, writtenAtMs);
    const { operation_id } = await engine.call('startScan', { bucket_name: 'images', sync: true });
    expect(await engine.operationEnded(operation_id)).toMatchObject({ status: 'success' });
    const { backups } = await engine.call('listBackups', {});
    const newest = new Date(writtenAtMs).toISOString().slice(0, 10);
    const evidence = { stored_bytes: storedBytes, newest_object_at: expect.stringContaining(newest) };
    expect(backups).toMatchObject([{ status: 'available', backup_sync: { level: 'linkage', evidence } }]);
    expect(backups[0]?.protected_at).toContain(newest);
  };
  for (const night of [1, 2, 3]) await scanNight(night);
  expect(engine.faults).toEqual([]);
});

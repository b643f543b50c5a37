import { expect, test } from 'vitest';
import { writeEtcdSnapshot } from '../testing/etcd-writer.ts';
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

const etcdPlan = { folder: 'vm', pageBytes: 4096, pages: 4, kind: 'snapshot' } as const;

function snapshotOf(night: number): Written {
  const madeAtMs = Date.UTC(2026, 1, 1);
  const plan = { ...etcdPlan, seed: `night ${night}`, madeAtMs, transaction: 100 * night };
  return [['vm/nightly-etcd.db', writeEtcdSnapshot(plan).bytes]];
}

test.each([
  ['an image of QEMU', qcow2Of, 'linkage'],
  ['a disk of VMware', vmdkOf, 'linkage'],
  ['a package', packageOf, 'linkage'],
  ['a snapshot of etcd', snapshotOf, 'inventory'],
])('a nightly upload of %s to one place updates its record', async (_, writtenOf, level) => {
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
    expect(backups).toMatchObject([{ status: 'available', backup_sync: { level, evidence } }]);
    expect(backups[0]?.protected_at).toContain(newest);
  };
  for (const night of [1, 2, 3]) await scanNight(night);
  expect(engine.faults).toEqual([]);
});

test.each([
  ['its time', Date.UTC(2026, 1, 1)],
  ['a time in the future', Date.now() + 60 * 60 * 1000],
])(
  'a snapshot of etcd with %s in its name has no next one, so that other content under it is a conflict',
  async (_, madeAtMs) => {
    await using engine = await openTestEngine();
    const scanNight = async (night: number) => {
      const plan = { ...etcdPlan, seed: `night ${night}`, madeAtMs, transaction: 100 * night };
      const { imagePath, bytes } = writeEtcdSnapshot(plan);
      await engine.buckets.put('images', [[imagePath, bytes]], Date.UTC(2026, 2, night));
      const { operation_id } = await engine.call('startScan', { bucket_name: 'images', sync: true });
      await engine.operationEnded(operation_id);
      return (await engine.call('listBackups', {})).backups;
    };
    expect(await scanNight(1)).toMatchObject([{ status: 'available' }]);
    expect(await scanNight(2)).toMatchObject([{ status: 'error', backup_sync: { reason: { code: 'conflict' } } }]);
  },
);

import { expect, test } from 'vitest';
import { seededBytes } from '../testing/seeded-bytes.ts';
import { openTestEngine } from '../testing/test-engine.ts';
import { grainBytes, syncItemOfVmdk, type VmdkPlan, writeVmdk } from '../testing/vmdk-writer.ts';

const bucket = 'images';
const plan: Omit<VmdkPlan, 'kind'> = {
  ...{ folder: 'vm/', name: 'web', extentGrains: [4], contentId: 1, parent: null },
  grains: new Map([[1, seededBytes('grain', grainBytes)]]),
};
const base = writeVmdk({ ...plan, kind: 'monolithicFlat' });
const child = writeVmdk({
  ...{ ...plan, name: 'web-000001', kind: 'monolithicSparse', contentId: 2 },
  ...{ parent: { name: 'web.vmdk', contentId: 1 }, grains: new Map() },
});
const extentKey = 'vm/old-flat.vmdk';
/** The base was renamed, but not its extent. */
const objects = [...base.objects, ...child.objects].map(([key, bytes]) => {
  if (key === base.imagePath) return [key, Buffer.from(Buffer.from(bytes).toString().replace('web-flat', 'old-flat'))];
  return [key === 'vm/web-flat.vmdk' ? extentKey : key, bytes];
}) as readonly (readonly [string, Uint8Array])[];
const extent = new Map(objects).get(extentKey) ?? new Uint8Array();

test.each([
  ['a disk', base],
  ['a child', child],
])('an extent with another name that was uploaded again is no decay of %s', async (_, disk) => {
  await using engine = await openTestEngine();
  await engine.buckets.put(bucket, objects);
  const items = [base, child].map((each) => syncItemOfVmdk(each, bucket));
  await engine.sync(items);
  const { backup_id } = syncItemOfVmdk(disk, bucket);
  const replay = async () => {
    const { operation_id } = await engine.call('verifyBackup', { backup_id, level: 'replay' });
    return await engine.operationEnded(operation_id);
  };
  const evidence = async () => (await engine.call('showBackup', { backup_id })).backup.backup_sync.evidence;
  expect(await replay()).toMatchObject({ status: 'success' });
  const { expanded } = await evidence();
  expect(expanded).toHaveLength(1);
  // Nothing has changed.
  await engine.sync(items);
  expect(await evidence()).toMatchObject({ expanded });

  const other = Buffer.alloc(extent.length, 7);
  await engine.buckets.put(bucket, [[extentKey, other]], Date.UTC(2026, 2, 2));
  expect(await replay()).toMatchObject({ status: 'success' });
  const again = (await evidence()).expanded;
  expect(again).toHaveLength(1);
  expect(again).not.toEqual(expanded);

  // With the size and time that it had, as after bit rot.
  await engine.buckets.put(bucket, [[extentKey, extent]], Date.UTC(2026, 2, 2));
  expect(await replay()).toMatchObject({ status: 'failed', reason: { code: 'expansion_mismatch' } });
  expect(engine.faults).toEqual([]);
});

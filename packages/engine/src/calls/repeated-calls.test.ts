import { expect, test } from 'vitest';
import { contextOfCalls } from '../testing/context-of-calls.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { openServicesOver } from '../testing/services-over.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';
import { importBackups, verifyBackup } from './backups.ts';
import { cancelOperation } from './operations.ts';
import { startScan } from './scans.ts';

const bucketName = 'volumebackups';
const [full] = writeSmallChain('repeated calls', 4, []);

async function open() {
  if (full === undefined) throw new Error('a chain has links');
  const buckets = new Map([[bucketName, new Map(full.objects)]]);
  const over = await openServicesOver(openMemoryStorageUnit(buckets), bucketName);
  const { services, projectId } = over;
  const caller = { kind: 'system', name: 'ada', projectId, role: 'administrator' } as const;
  const context = contextOfCalls(services, caller);
  const item = syncItemOf(full, bucketName);
  await importBackups(context, { project_id: projectId, sync: [item], with_ancestors: false });
  await over.workOnAll();
  return Object.assign(over, {
    verify: (level: 'content' | 'replay') =>
      verifyBackup(context, { project_id: projectId, backup_id: item.backup_id, level }),
    scan: (prefix: string, sync = false) =>
      startScan(context, { project_id: projectId, bucket_name: bucketName, prefix, sync, with_ancestors: false }),
    cancel: (operation_id: string) => cancelOperation(context, { project_id: projectId, operation_id }),
  });
}

test('a repeated verification joins the waiting or running one; to another level it does not', async () => {
  await using world = await open();
  const first = await world.verify('content');
  expect(first.joined).toBe(false);
  world.clock.timeMs += 60_000;
  expect(await world.verify('content')).toEqual({ operation_id: first.operation_id, joined: true });
  expect((await world.verify('replay')).joined).toBe(false);
  await world.services.catalogue.operations.startOperation(
    first.operation_id,
    world.worker.leaseOwner,
    world.clock.nowMs(),
  );
  expect(await world.verify('content')).toEqual({ operation_id: first.operation_id, joined: true });
  await world.workOnAll();
  expect((await world.verify('content')).joined).toBe(false);
});

test('a repeated scan joins the waiting or running one; with another place or options it does not', async () => {
  await using world = await open();
  const first = await world.scan('');
  expect(await world.scan('')).toEqual({ operation_id: first.operation_id, joined: true });
  expect((await world.scan('a/')).joined).toBe(false);
  expect((await world.scan('', true)).joined).toBe(false);
  await world.workOnAll();
  expect((await world.scan('')).joined).toBe(false);
});

test('a cancelled operation is not joined', async () => {
  await using world = await open();
  const first = await world.scan('');
  await world.cancel(first.operation_id);
  expect((await world.scan('')).joined).toBe(false);
});

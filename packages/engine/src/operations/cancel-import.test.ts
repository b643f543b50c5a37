import { expect, test } from 'vitest';
import { syncBackups } from '../calls/backups.ts';
import { cancelOperation, showOperation } from '../calls/operations.ts';
import { importChain } from '../imports/import-chain.ts';
import type { StorageUnit } from '../storage/port.ts';
import { alterStorage } from '../testing/altered-storage.ts';
import { contextOfCalls } from '../testing/context-of-calls.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { chainOfItem, openServicesOver } from '../testing/services-over.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';

const bucketName = 'volumebackups';
const chain = writeSmallChain('cancel', 8, [[1]]);
const items = chain.map((backup) => syncItemOf(backup, bucketName));

/** A bucket whose objects do not arrive until the test allows it. */
function hangingStorage(): { unit: StorageUnit; asked: Promise<void>; answer(): void } {
  const objects = new Map(chain.flatMap((backup) => [...backup.objects]));
  const asked = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  const unit = openMemoryStorageUnit(new Map([[bucketName, objects]]));
  const hanging: StorageUnit = {
    ...alterStorage(unit, {}),
    async get(request) {
      asked.resolve();
      const aborted = new Promise<never>((_, reject) => {
        request.signal?.addEventListener('abort', () => reject(request.signal?.reason), { once: true });
      });
      await Promise.race([answered.promise, aborted]);
      return await unit.get(request);
    },
  };
  return { unit: hanging, asked: asked.promise, answer: () => answered.resolve() };
}

async function start() {
  const storage = hangingStorage();
  const over = await openServicesOver(storage.unit, bucketName, { linkageMaxBytes: 2 ** 30 });
  const { services, projectId, worker } = over;
  const caller = { kind: 'system', name: 'ada', projectId, role: 'operator' } as const;
  const context = contextOfCalls(services, caller);
  const { sync } = await syncBackups(context, { project_id: projectId, sync: items });
  const [first = '', second = ''] = sync.map(({ operation_log_id }) => operation_log_id);
  const named = (id: string) => ({ project_id: projectId, operation_id: id });
  const [item] = items;
  if (item === undefined) throw new Error('a chain has links');
  return {
    ...over,
    storage,
    first,
    second,
    work: () =>
      importChain(worker, chainOfItem(services, projectId, item), {
        signal: services.world.stopping,
        storage: services.work.storage,
      }),
    cancel: async (id: string) => (await cancelOperation(context, named(id))).operation,
    show: async (id: string) => (await showOperation(context, named(id))).operation,
    [Symbol.asyncDispose]: () => over[Symbol.asyncDispose](),
  };
}

const cancelled = { status: 'failed', reason: { code: 'cancelled' }, result: { outcome: 'none' } };

test('an import that hangs on storage ends soon after it is cancelled; others of its chain continue', async () => {
  await using world = await start();
  const working = world.work();
  await world.storage.asked;
  expect(await world.cancel(world.first)).toMatchObject({ status: 'running', cancel_requested: true });
  await working;
  expect(await world.show(world.first)).toMatchObject(cancelled);
  expect((await world.show(world.second)).ended_at).toBeNull();
  world.storage.answer();
  await world.workOnAll();
  // Its parent is in the bucket, recorded or not.
  expect(await world.show(world.second)).toMatchObject({ status: 'success', result: { outcome: 'created' } });
  expect(await world.services.catalogue.backups.showBackup(world.projectId, items[0]?.backup_id ?? '')).toBeNull();
  expect(world.faults).toEqual([]);
});

test('a waiting import is cancelled immediately; one that has ended keeps its result', async () => {
  await using world = await start();
  expect(await world.cancel(world.first)).toMatchObject({ ...cancelled, cancel_requested: true });
  world.storage.answer();
  await world.workOnAll();
  const ended = await world.show(world.second);
  expect(ended).toMatchObject({ status: 'success' });
  expect(await world.cancel(world.second)).toEqual(ended);
});

test('an import cancelled before its server was killed ends at the next start, without a request', async () => {
  await using world = await start();
  const { catalogue } = world.services;
  const working = world.work();
  await world.storage.asked;
  await world.cancel(world.first);
  await catalogue.operations.releaseOperations(null, world.clock.nowMs());
  world.storage.answer();
  await working;
  expect((await world.show(world.first)).status).toBe('waiting');
  await world.work();
  expect(await world.show(world.first)).toMatchObject(cancelled);
});

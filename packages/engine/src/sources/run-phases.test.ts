import { expect, test } from 'vitest';
import { makeSource } from '../catalogue/fixtures-for-conformance.ts';
import type { SourceRecord } from '../catalogue/source-records.ts';
import { chainRootOf } from '../chain/formats/chain-root.ts';
import { operationLivesMs } from '../deadline.ts';
import { importChain } from '../imports/import-chain.ts';
import { injectFault } from '../testing/faulty-storage-unit.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { openServicesOver } from '../testing/services-over.ts';
import { writeSmallChain } from '../testing/small-chain.ts';
import { startSourceRun } from './start-source-run.ts';

const bucketName = 'volumebackups';
const never = new AbortController().signal;
const actor = { kind: 'system', name: 'ada' } as const;
const chain = writeSmallChain('phases', 8, [[1]]);
const [full] = chain;
if (full === undefined) throw new Error('a chain has links');

/** A source over the two backups of a chain. No work runs until the test runs it. */
async function start() {
  const objects = new Map(chain.flatMap((backup) => [...backup.objects]));
  const { unit, log } = injectFault(openMemoryStorageUnit(new Map([[bucketName, objects]])), null, 1000);
  const over = await openServicesOver(unit, bucketName);
  const { services, projectId, worker } = over;
  const {
    catalogue,
    work: { storage },
    world: { clock },
  } = services;
  const source: SourceRecord = makeSource(projectId, 'source-1', {
    storageUnitId: storage.id,
    bucketName,
    intervalS: null,
  });
  await catalogue.sources.addSource(source);
  const chainKey = { projectId, storageUnitId: storage.id, bucketName, chainRoot: chainRootOf(full?.imagePath ?? '') };
  return {
    catalogue,
    nowMs: clock.nowMs(),
    pages: () => log.pages,
    /** Requests a run. */
    async ask() {
      const origin = { actor, requestId: 'request-1', confirmsRemovals: false };
      const started = await startSourceRun(services, source, origin);
      if (started === null) throw new Error('the source is there');
      return started;
    },
    list: (runId: string) => over.runOperation(runId),
    importAll: () => importChain(worker, chainKey, { signal: never, storage: worker.services.work.storage }),
    show: async (runId: string) => {
      const operation = await catalogue.operations.showOperation(projectId, runId);
      if (operation === null) throw new Error('the run is recorded');
      return operation;
    },
    cancel: (runId: string) => catalogue.operations.cancelOperation(projectId, runId, clock.nowMs()),
    eventsOf: async (operationId: string) => {
      const page = await services.catalogue.events.listEvents({ projectId, operationId, after: 0, limit: 100 });
      return page === 'gone' ? page : page.events.map(({ operation }) => operation.status);
    },
    lastGoodSyncAtMs: async () => (await catalogue.sources.showSource(projectId, source.id))?.lastGoodSyncAtMs,
    [Symbol.asyncDispose]: () => over[Symbol.asyncDispose](),
  };
}

test('a run lists, then imports, and ends in the step that ends its last import', async () => {
  await using world = await start();
  const { operationId } = await world.ask();
  await world.list(operationId);
  expect(await world.show(operationId)).toMatchObject({
    status: 'running',
    listedAtMs: world.nowMs,
    message: 'the listing is complete: 7 objects, 2 backups',
    progress: { imports_accepted: 2 },
  });
  expect(await world.lastGoodSyncAtMs()).toBeNull();
  await world.importAll();
  expect(await world.show(operationId)).toMatchObject({
    status: 'success',
    result: { sync_backup_num: 2, err_sync_backup_num: 0 },
  });
  expect(await world.lastGoodSyncAtMs()).toBe(world.nowMs);
  expect(await world.eventsOf(operationId)).toEqual(['waiting', 'running', 'success']);
});

test('a run without imports ends with its listing', async () => {
  await using world = await start();
  const first = await world.ask();
  await world.list(first.operationId);
  await world.importAll();
  const second = await world.ask();
  await world.list(second.operationId);
  expect(await world.show(second.operationId)).toMatchObject({ status: 'success', result: { sync_backup_num: 2 } });
});

test('a request joins a run that lists; while one imports, another lists and waits for the same imports', async () => {
  await using world = await start();
  const first = await world.ask();
  expect(await world.ask()).toEqual({ operationId: first.operationId, isNew: false });
  await world.list(first.operationId);
  const second = await world.ask();
  expect(second.isNew).toBe(true);
  await world.list(second.operationId);
  expect((await world.show(second.operationId)).status).toBe('running');
  await world.importAll();
  for (const { operationId } of [first, second]) {
    expect(await world.show(operationId)).toMatchObject({ status: 'success', result: { sync_backup_num: 2 } });
  }
});

test('a run whose process was killed while it imported does not list again, and ends with its imports', async () => {
  await using world = await start();
  const { operationId } = await world.ask();
  await world.list(operationId);
  const pages = world.pages();
  const released = await world.catalogue.operations.releaseOperations(null, world.nowMs);
  expect(released.map(({ kind }) => kind)).toEqual(['chain']);
  expect(await world.catalogue.operations.startOperation(operationId, 'worker-1', world.nowMs)).toBeNull();
  expect(world.pages()).toBe(pages);
  await world.importAll();
  expect((await world.show(operationId)).status).toBe('success');
});

test('a run that imports ends immediately when cancelled, and its imports continue', async () => {
  await using world = await start();
  const { operationId } = await world.ask();
  await world.list(operationId);
  expect(await world.cancel(operationId)).toMatchObject({
    operation: {
      status: 'failed',
      fault: { code: 'cancelled' },
      message: expect.stringContaining('its imports continue'),
    },
    ended: [{ id: operationId, kind: 'scan', status: 'failed' }],
  });
  await world.importAll();
  expect((await world.show(operationId)).status).toBe('failed');
  const next = await world.ask();
  await world.list(next.operationId);
  expect(await world.show(next.operationId)).toMatchObject({ status: 'success', result: { sync_backup_num: 2 } });
});

test('a run whose imports do not end before its deadline ends as timeout', async () => {
  await using world = await start();
  const { operationId } = await world.ask();
  await world.list(operationId);
  expect(await world.catalogue.operations.endOverdueRuns(world.nowMs + operationLivesMs - 1)).toEqual([]);
  expect((await world.show(operationId)).status).toBe('running');
  expect(await world.catalogue.operations.endOverdueRuns(world.nowMs + operationLivesMs)).toMatchObject([
    { id: operationId, kind: 'scan', status: 'timeout' },
  ]);
  expect(await world.show(operationId)).toMatchObject({ status: 'timeout', fault: { code: 'deadline_exceeded' } });
  expect(await world.eventsOf(operationId)).toEqual(['waiting', 'running', 'timeout']);
});

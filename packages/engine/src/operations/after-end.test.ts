import type { CheckedInput, UnaryCallName } from '@backup-sync/contracts';
import { expect, test } from 'vitest';
import type { CallHandlers } from '../calls/call-context.ts';
import { handlers } from '../calls/handlers.ts';
import { makeSource } from '../catalogue/fixtures-for-conformance.ts';
import type { EndedOperation } from '../catalogue/operation-records.ts';
import { operationLivesMs } from '../deadline.ts';
import { importChain } from '../imports/import-chain.ts';
import type { Services } from '../services.ts';
import { runDueSources } from '../sources/source-scheduler.ts';
import { startSourceRun } from '../sources/start-source-run.ts';
import { startForgottenVerifications } from '../sources/start-verifications.ts';
import { contextOfCalls } from '../testing/context-of-calls.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { plainScan } from '../testing/scan-over.ts';
import { chainOfItem, openServicesOver } from '../testing/services-over.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';
import { endWaitsPastLimit } from './end-waits.ts';

const bucketName = 'volumebackups';
const chain = writeSmallChain('ends', 8, []);
const [full] = chain;
if (full === undefined) throw new Error('a chain has links');
const item = syncItemOf(full, bucketName);

/** Services whose listener notes the ends that it is notified of. */
async function start() {
  const objects = new Map(chain.flatMap((backup) => [...backup.objects]));
  const over = await openServicesOver(openMemoryStorageUnit(new Map([[bucketName, objects]])), bucketName);
  const told: EndedOperation[] = [];
  const endListeners = [async (ended: readonly EndedOperation[]) => void told.push(...ended)];
  const services: Services = { ...over.services, work: { ...over.services.work, endListeners } };
  const { projectId, clock } = over;
  const actor = { kind: 'system', name: 'ada' } as const;
  const call = <Name extends UnaryCallName>(name: Name, input: Omit<CheckedInput<Name>, 'project_id'>) => {
    const handler: CallHandlers[Name] = handlers[name];
    const fields = { ...input, project_id: projectId } as CheckedInput<Name>;
    return handler(contextOfCalls(services, { ...actor, projectId, role: 'administrator' }), fields);
  };
  const sync = async () => (await call('syncBackups', { sync: [item] })).sync.map((each) => each.operation_log_id);
  const importAll = () =>
    importChain({ ...over.worker, services }, chainOfItem(services, projectId, item), {
      signal: services.world.stopping,
      storage: services.work.storage,
    });
  const addScan = async (request = plainScan) => {
    const scan = over.newOperation({ kind: 'scan', request });
    await services.catalogue.operations.addOperation(scan);
    return scan.id;
  };
  const source = makeSource(projectId, 'source-1', { storageUnitId: services.work.storage.id, bucketName, prefix: '' });
  return {
    services,
    clock,
    source,
    call,
    sync,
    importAll,
    addScan,
    run: (id: string) => over.runOperation(id, services),
    /** Adds the source and a run of it, which waits. */
    startRun: async () => {
      await services.catalogue.sources.addSource(source);
      const started = await startSourceRun(services, source, { actor, requestId: 'r', confirmsRemovals: false });
      return started?.operationId ?? '';
    },
    /** The ends that listeners were notified of since the last call. */
    told: () => told.splice(0).map(({ id, kind, status }) => [id, kind, status]),
    [Symbol.asyncDispose]: () => over[Symbol.asyncDispose](),
  };
}

test('listeners are notified of work that has ended, and of the run that ends with it', async () => {
  await using world = await start();
  const scan = await world.addScan({ ...plainScan, sync: true });
  await world.run(scan);
  expect(world.told()).toEqual([]);
  await world.importAll();
  expect(world.told()).toEqual([
    [expect.any(String), 'import', 'success'],
    [scan, 'scan', 'success'],
  ]);
  const plain = await world.addScan();
  await world.run(plain);
  expect(world.told()).toEqual([[plain, 'scan', 'success']]);
});

test('listeners are notified of cancelled work, of a deleted record, and of nothing twice', async () => {
  await using world = await start();
  const [id = ''] = await world.sync();
  const scan = await world.addScan();
  await world.call('cancelOperation', { operation_id: id });
  await world.call('cancelOperation', { operation_id: scan });
  await world.call('cancelOperation', { operation_id: id });
  expect(world.told()).toEqual([
    [id, 'import', 'failed'],
    [scan, 'scan', 'failed'],
  ]);
  await world.sync();
  await world.importAll();
  world.told();
  await world.call('deleteBackup', { backup_id: item.backup_id });
  expect(world.told()).toEqual([[expect.any(String), 'delete', 'success']]);
});

test('listeners are notified of work that has waited too long for a bucket', async () => {
  await using world = await start();
  const [id] = await world.sync();
  const scan = await world.addScan();
  const { services, clock } = world;
  await endWaitsPastLimit(services, {
    storageUnitId: services.work.storage.id,
    bucketName,
    fault: { code: 'storage_unreachable', detail: 'no answer' },
    beganAtMs: clock.nowMs(),
    attempts: 1,
    notBeforeMs: clock.nowMs(),
  });
  expect(world.told().toSorted()).toEqual(
    [
      [id, 'import', 'failed'],
      [scan, 'scan', 'failed'],
    ].toSorted(),
  );
});

test('listeners are notified of runs that are overdue, or end because their source is changed or removed', async () => {
  await using world = await start();
  const overdue = await world.addScan({ ...plainScan, sync: true });
  await world.run(overdue);
  const first = await world.startRun();
  const source_id = world.source.id;
  await world.call('updateSource', { source_id, prefix: 'elsewhere/', force: true });
  expect(world.told()).toEqual([[first, 'scan', 'failed']]);
  const { operation_id: second } = await world.call('scanSource', { source_id });
  await world.call('removeSource', { source_id });
  expect(world.told()).toEqual([[second, 'scan', 'failed']]);
  world.clock.timeMs += operationLivesMs;
  await runDueSources(world.services);
  expect(world.told()).toEqual([[overdue, 'scan', 'timeout']]);
});

test('an engine starts even if the disk is too full to catch up on work after an ended run', async () => {
  await using world = await start();
  const { catalogue } = world.services;
  const full = Object.assign(new Error('full'), { name: 'CatalogueFullError' });
  const sourceRuns = {
    ...catalogue.sourceRuns,
    runsToVerify: async () => ['run'],
    startVerifications: () => Promise.reject(full),
  };
  const services = { ...world.services, catalogue: { ...catalogue, sourceRuns } };
  await expect(startForgottenVerifications(services)).resolves.toBeUndefined();
});

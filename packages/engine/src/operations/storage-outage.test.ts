// One file, although it is long: all tests are of one bucket that answers or not.
import { setImmediate } from 'node:timers/promises';
import type { BackupSync, CheckedInput, UnaryCallName } from '@backup-sync/contracts';
import { expect, test } from 'vitest';
import type { CallHandlers } from '../calls/call-context.ts';
import { handlers } from '../calls/handlers.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { makeSource } from '../catalogue/fixtures-for-conformance.ts';
import { importChain } from '../imports/import-chain.ts';
import { startSourceRun } from '../sources/start-source-run.ts';
import type { Outage } from '../storage/outage.ts';
import { StorageError, type StorageErrorCode } from '../storage/port.ts';
import { alterStorage } from '../testing/altered-storage.ts';
import { contextOfCalls } from '../testing/context-of-calls.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { plainScan } from '../testing/scan-over.ts';
import { chainOfItem, openServicesOver } from '../testing/services-over.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';
import { endWaitsPastLimit } from './end-waits.ts';

const bucketName = 'volumebackups';
const minuteMs = 60_000;
const retryForMs = 20 * minuteMs;
const backups = ['one', 'two', 'three'].flatMap((name) => writeSmallChain(`outage/${name}`, 8, [[1]]));
const items = backups.map((backup) => syncItemOf(backup, bucketName));
const [first] = items;
if (first === undefined) throw new Error('a chain has links');

/**
 * A bucket that answers or not, as the test decides, with a real catalogue and a clock that moves only when a test sets
 * it.
 */
async function start(known: { outage: Outage | null } = { outage: null }) {
  const objects = new Map(backups.flatMap((backup) => [...backup.objects]));
  let refusal: StorageErrorCode | null = null;
  let refusesLists = true;
  const answer = () => {
    if (refusal !== null) throw new StorageError(refusal, `${bucketName}: refused by the test`);
  };
  const storage = alterStorage(openMemoryStorageUnit(new Map([[bucketName, objects]])), {
    list: (entry) => {
      if (refusesLists) answer();
      return entry;
    },
    beforeGet: answer,
  });
  const outages = { of: (_unit: string, bucket: string) => (bucket === bucketName ? known.outage : null) };
  const over = await openServicesOver(storage, bucketName, { linkageMaxBytes: 2 ** 30, retryForMs, outages });
  const caller = { kind: 'system', name: 'ada', projectId: over.projectId, role: 'administrator' } as const;
  const call = <Name extends UnaryCallName>(name: Name, input: Omit<CheckedInput<Name>, 'project_id'>) => {
    const handle: CallHandlers[Name] = handlers[name];
    const fields = { ...input, project_id: over.projectId } as CheckedInput<Name>;
    return handle(contextOfCalls(over.services, caller), fields);
  };
  const show = async (id: string) => (await call('showOperation', { operation_id: id })).operation;
  return {
    ...over,
    call,
    show,
    logOf: async (id: string) => (await call('showOperationLog', { operation_log_id: id })).operation_log,
    sync: async (wanted: readonly BackupSync[]) => {
      const { sync } = await call('syncBackups', { sync: [...wanted] });
      return sync.map(({ operation_log_id }) => operation_log_id);
    },
    showAll: (ids: readonly string[]) => Promise.all(ids.map(show)),
    refuse: (code: StorageErrorCode | null, { lists = true } = {}) => {
      refusal = code;
      refusesLists = lists;
    },
    /** Works on due operations, minute by minute. */
    async pass(minutes: number) {
      for (let minute = 0; minute < minutes; minute += 1) {
        over.clock.timeMs += minuteMs;
        await over.workOnAll();
      }
    },
    [Symbol.asyncDispose]: () => over[Symbol.asyncDispose](),
  };
}

test.each(['unreachable', 'throttled', 'object_not_found'] as const)(
  'an outage of a minute is overcome without help: %s',
  async (code) => {
    await using world = await start();
    world.refuse(code);
    const ids = await world.sync(items);
    await world.workOnAll();
    for (const { status, ended_at, reason } of await world.showAll(ids)) {
      expect({ status, ended_at, reason }).toEqual({ status: 'waiting', ended_at: null, reason: null });
    }
    world.refuse(null);
    await world.pass(1);
    for (const operation of await world.showAll(ids)) {
      expect(operation).toMatchObject({ status: 'success', waiting_for: null, result: { outcome: 'created' } });
    }
    expect(world.faults).toEqual([]);
  },
);

test.each([
  ['forward by 25 hours', 25 * 60 * minuteMs],
  ['back by an hour', -60 * minuteMs],
])('setting the wall clock %s during an outage ends nothing early', async (_, stepMs) => {
  await using world = await start();
  world.refuse('unreachable');
  const ids = await world.sync(items);
  await world.workOnAll();
  world.clock.step(stepMs);
  await world.pass(2);
  expect(await world.showAll(ids)).toMatchObject(items.map(() => ({ status: 'waiting' })));
  world.refuse(null);
  await world.pass(1);
  expect(await world.showAll(ids)).toMatchObject(items.map(() => ({ status: 'success' })));
});

test('an operation says what it waits for, in both of its forms, and does not look like an error to clients of CBR', async () => {
  await using world = await start();
  world.refuse('unreachable');
  const [id = ''] = await world.sync([first]);
  await world.workOnAll();
  const waitingFor = {
    reason: expect.objectContaining({
      code: 'storage_unreachable',
      retry: 'self',
      message: expect.stringContaining(bucketName),
    }),
    since: '2026-11-23T00:00:00.000000',
    attempts: 1,
    next_attempt_at: expect.stringMatching(/^2026-11-23T00:00:0[01]/),
  };
  expect(await world.show(id)).toMatchObject({ status: 'waiting', waiting_for: waitingFor });
  expect(await world.logOf(id)).toMatchObject({
    status: 'waiting',
    error_info: { code: '', message: '' },
    extra_info: { common: { progress: 0 }, sync: { err_sync_backup_num: 0 } },
    backup_sync: { reason: null, waiting_for: waitingFor },
  });
  await world.pass(1);
  expect(await world.show(id)).toMatchObject({ waiting_for: { since: '2026-11-23T00:00:00.000000', attempts: 2 } });
});

test('when the time for retries is over, items of an outage end with the reason that storage gave', async () => {
  await using world = await start();
  world.refuse('unreachable');
  const ids = await world.sync(items);
  await world.workOnAll();
  await world.pass(19);
  expect((await world.showAll(ids)).map(({ status }) => status)).toEqual(ids.map(() => 'waiting'));
  const later = await world.sync([{ ...first, backup_name: 'accepted-later' }]);
  await world.pass(2);
  for (const operation of await world.showAll(ids)) {
    expect(operation).toMatchObject({
      status: 'failed',
      reason: { code: 'storage_unreachable' },
      waiting_for: null,
      result: { outcome: 'none' },
    });
  }
  // It still has time: 20 minutes from its acceptance.
  expect(await world.showAll(later)).toMatchObject([{ status: 'waiting' }]);
});

test.each([
  ['access_denied', 'access_denied'],
  ['bucket_not_found', 'bucket_not_found'],
  ['storage_token_expired', 'storage_token_expired'],
] as const)('%s is not an outage: its items end immediately', async (code, reason) => {
  await using world = await start();
  world.refuse(code);
  const [id = ''] = await world.sync([first]);
  await world.workOnAll();
  expect(await world.show(id)).toMatchObject({ status: 'failed', reason: { code: reason } });
});

test('after an outage, a scan starts again and a verification continues, without help', async () => {
  await using world = await start();
  const ids = await world.sync(items);
  await world.workOnAll();
  expect((await world.showAll(ids)).map(({ status }) => status)).toEqual(ids.map(() => 'success'));
  world.refuse('unreachable');
  const scan = await world.call('startScan', {
    bucket_name: bucketName,
    prefix: '',
    sync: false,
    with_ancestors: false,
  });
  const plan = await world.call('startPlan', { bucket_name: bucketName, prefix: '' });
  const verification = await world.call('verifyBackup', { backup_id: first.backup_id, level: 'content' });
  const operations = [scan, plan, verification].map(({ operation_id }) => operation_id);
  await world.workOnAll();
  for (const operation of await world.showAll(operations)) {
    expect(operation).toMatchObject({ status: 'waiting', waiting_for: { attempts: 1 }, reason: null });
  }
  world.refuse(null);
  await world.pass(1);
  const kinds = (await world.showAll(operations)).map(({ kind, status }) => [kind, status]);
  expect(kinds).toEqual([
    ['scan', 'success'],
    ['plan', 'success'],
    ['verify', 'success'],
  ]);
  expect(world.faults).toEqual([]);
});

test('a scan that cannot read metadata in an outage waits for the bucket, then finds everything', async () => {
  const known: { outage: Outage | null } = { outage: null };
  await using world = await start(known);
  world.refuse('unreachable', { lists: false });
  known.outage = {
    storageUnitId: world.services.work.storage.id,
    bucketName,
    fault: { code: 'storage_unreachable', detail: 'refused by the test' },
    beganAtMs: world.clock.nowMs(),
    attempts: 1,
    notBeforeMs: world.clock.nowMs() + minuteMs,
  };
  const { operation_id: id } = await world.call('startScan', {
    bucket_name: bucketName,
    prefix: '',
    sync: true,
    with_ancestors: false,
  });
  await world.workOnAll();
  expect(await world.show(id)).toMatchObject({ status: 'waiting', result: null });
  world.refuse(null);
  known.outage = null;
  await world.pass(1);
  expect(await world.show(id)).toMatchObject({ status: 'success', progress: { backups_found: items.length } });
  const { findings } = await world.call('listScanFindings', { operation_id: id, after: 0, limit: 100 });
  expect(findings.map(({ problem }) => problem)).toEqual(items.map(() => null));
});

test('a run of a source has not failed while its imports wait, and is a good sync when they have ended', async () => {
  await using world = await start();
  const { services, projectId } = world;
  const source = makeSource(projectId, 'source-1', {
    storageUnitId: services.work.storage.id,
    bucketName,
    intervalS: null,
  });
  await services.catalogue.sources.addSource(source);
  const origin = {
    actor: { kind: 'system', name: 'source nightly' },
    requestId: 'r',
    confirmsRemovals: false,
  } as const;
  const started = await startSourceRun(services, source, origin);
  if (started === null) throw new Error('the source is there');
  await world.runOperation(started.operationId);
  world.refuse('throttled');
  await world.workOnAll();
  expect(await world.show(started.operationId)).toMatchObject({ status: 'running', phase: 'importing', reason: null });
  world.refuse(null);
  await world.pass(1);
  expect(await world.show(started.operationId)).toMatchObject({ status: 'success' });
  const settled = await services.catalogue.sources.showSource(projectId, source.id);
  expect(settled?.lastGoodSyncAtMs).not.toBeNull();
});

test('an import whose parent is in a bucket that does not answer waits for that bucket, and says so', async () => {
  const [full, child] = writeSmallChain('outage/apart', 8, [[1]]);
  if (full === undefined || child === undefined) throw new Error('the chain has two links');
  let isAway = false;
  const buckets = new Map([
    ['parents', new Map(full.objects)],
    [bucketName, new Map(child.objects)],
  ]);
  const storage = alterStorage(openMemoryStorageUnit(buckets), {
    beforeGet: ({ bucket }) => {
      if (isAway && bucket === 'parents') throw new StorageError('unreachable', `${bucket}: no answer`);
    },
  });
  await using over = await openServicesOver(storage, bucketName, { linkageMaxBytes: 2 ** 30, retryForMs });
  const { services, projectId } = over;
  const storageUnitId = services.work.storage.id;
  await services.catalogue.grants.addGrant({ projectId, storageUnitId, bucketName: 'parents', prefix: '' });
  const caller = { kind: 'system', name: 'ada', projectId, role: 'operator' } as const;
  const context = contextOfCalls(services, caller);
  const sync = async (item: BackupSync) => {
    const { sync: accepted } = await handlers.syncBackups(context, { project_id: projectId, sync: [item] });
    await over.workOnAll();
    return accepted[0]?.operation_log_id ?? '';
  };
  await sync(syncItemOf(full, 'parents'));
  isAway = true;
  const id = await sync(syncItemOf(child, bucketName));
  const show = async () =>
    (await handlers.showOperation(context, { project_id: projectId, operation_id: id })).operation;
  expect(await show()).toMatchObject({
    status: 'waiting',
    waiting_for: { reason: { code: 'storage_unreachable', message: expect.stringContaining('parents: no answer') } },
  });
  isAway = false;
  over.clock.timeMs += minuteMs;
  await over.workOnAll();
  expect(await show()).toMatchObject({ status: 'success', result: { level: 'linkage' } });
});

test('an operation waiting for a bucket in outage shows its reason, tried or not, and is tried with it', async () => {
  const outage: Outage = {
    storageUnitId: 'memory',
    bucketName,
    fault: { code: 'storage_unreachable', detail: 'volumebackups: connect ECONNREFUSED' },
    beganAtMs: Date.UTC(2026, 10, 22, 23, 59),
    attempts: 4,
    notBeforeMs: Date.UTC(2026, 10, 23, 0, 0, 30),
  };
  await using world = await start({ outage });
  await world.services.catalogue.outages.saveOutage(outage);
  world.refuse('unreachable');
  const [tried = '', untried = ''] = await world.sync([first, items.at(-1) ?? first]);
  await importChain(world.worker, chainOfItem(world.services, world.projectId, first), {
    signal: world.services.world.stopping,
    storage: world.services.work.storage,
  });
  for (const operation of await world.showAll([tried, untried])) {
    expect(operation).toMatchObject({
      status: 'waiting',
      waiting_for: {
        reason: { code: 'storage_unreachable', message: expect.stringContaining('ECONNREFUSED') },
        since: '2026-11-22T23:59:00.000000',
        attempts: 4,
        next_attempt_at: '2026-11-23T00:00:30.000000',
      },
    });
  }
  expect(world.jobs()).toContainEqual(expect.objectContaining({ notBeforeMs: outage.notBeforeMs }));
});

test('an operation whose time is over while its bucket is in outage ends without a request, tried or not', async () => {
  await using world = await start();
  world.refuse('unreachable');
  const ids = await world.sync(items);
  await importChain(world.worker, chainOfItem(world.services, world.projectId, first), {
    signal: world.services.world.stopping,
    storage: world.services.work.storage,
  });
  const outage: Outage = {
    storageUnitId: world.services.work.storage.id,
    bucketName,
    fault: { code: 'storage_unreachable', detail: `${bucketName}: no answer` },
    beganAtMs: world.clock.nowMs(),
    attempts: 30,
    notBeforeMs: world.clock.nowMs(),
  };
  world.refuse(null);
  world.clock.timeMs += retryForMs - 1;
  await endWaitsPastLimit(world.services, outage);
  expect((await world.showAll(ids)).map(({ status }) => status)).toEqual(ids.map(() => 'waiting'));
  world.clock.timeMs += 1;
  await endWaitsPastLimit(world.services, outage);
  for (const operation of await world.showAll(ids)) {
    expect(operation).toMatchObject({
      status: 'failed',
      reason: { code: 'storage_unreachable', message: expect.stringContaining('no answer') },
    });
  }
});

test('a failed write to the catalogue is not a verdict: the work is repeated, and succeeds', async () => {
  await using world = await start();
  const [id = ''] = await world.sync([first]);
  const scan = world.newOperation({ kind: 'scan', request: plainScan });
  await world.services.catalogue.operations.addOperation(scan);
  const full = () => Promise.reject(Object.assign(new Error('no space left'), { name: 'CatalogueFullError' }));
  const { catalogue } = world.services;
  let isFull = true;
  const failing: Catalogue = {
    ...catalogue,
    operations: {
      ...catalogue.operations,
      finishImports: (...finish) => (isFull ? full() : catalogue.operations.finishImports(...finish)),
      addFindings: (...found) => (isFull ? full() : catalogue.operations.addFindings(...found)),
    },
    fenced: () => failing,
  };
  const services = { ...world.services, catalogue: failing };
  const chain = chainOfItem(services, world.projectId, first);
  const run = { signal: services.world.stopping, storage: services.work.storage };
  const worker = { ...world.worker, services };
  await expect(importChain(worker, chain, run)).rejects.toThrow('no space left');
  await expect(world.runOperation(scan.id, services)).rejects.toThrow('no space left');
  isFull = false;
  await importChain(worker, chain, run);
  await world.runOperation(scan.id, services);
  expect(await world.show(id)).toMatchObject({ status: 'success' });
  expect(await world.show(scan.id)).toMatchObject({ status: 'success' });
});

test('work ends only once its next attempt is stored in the queue, and fails if that is impossible', async () => {
  await using world = await start();
  world.refuse('unreachable');
  await world.sync([first]);
  const scan = world.newOperation({ kind: 'scan', request: plainScan });
  await world.services.catalogue.operations.addOperation(scan);
  await world.workOnAll();
  const order: string[] = [];
  let isAway = false;
  const queue = {
    ...world.services.work.queue,
    add: async () => {
      await setImmediate();
      if (isAway) throw new Error('the queue is away');
      order.push('stored');
    },
  };
  const services = { ...world.services, work: { ...world.services.work, queue } };
  const chain = chainOfItem(services, world.projectId, first);
  const run = { signal: services.world.stopping, storage: services.work.storage };
  const works = [
    () => importChain({ ...world.worker, services }, chain, run),
    () => world.runOperation(scan.id, services),
  ];
  for (const work of works) {
    isAway = false;
    await work();
    order.push('ended');
    isAway = true;
    await expect(work()).rejects.toThrow('the queue is away');
  }
  expect(order).toEqual(['stored', 'ended', 'stored', 'ended']);
});

import { expect, test } from 'vitest';
import { syncBackups } from '../calls/backups.ts';
import { contextOfCalls } from '../testing/context-of-calls.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { plainScan } from '../testing/scan-over.ts';
import { openServicesOver } from '../testing/services-over.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';
import { Backlog } from './backlog.ts';

const bucketName = 'volumebackups';
const backups = ['one', 'two', 'three'].flatMap((name) => writeSmallChain(`backlog/${name}`, 8, []));
const items = backups.map((backup) => syncItemOf(backup, bucketName));

async function start(backlogMax: number) {
  const objects = new Map(backups.flatMap((backup) => [...backup.objects]));
  const over = await openServicesOver(openMemoryStorageUnit(new Map([[bucketName, objects]])), bucketName, {
    backlogMax,
  });
  const { services, projectId } = over;
  const caller = { kind: 'system', name: 'ada', projectId, role: 'operator' } as const;
  const context = contextOfCalls(services, caller);
  return {
    ...over,
    sync: (some: typeof items) => syncBackups(context, { project_id: projectId, sync: some }),
    [Symbol.asyncDispose]: () => over[Symbol.asyncDispose](),
  };
}

test('a call is refused, and accepts nothing, while too many imports of its project have not ended', async () => {
  await using world = await start(2);
  await world.sync(items.slice(0, 2));
  const refused = { code: 'backlog_full', retryAfterMs: 5_000 };
  await expect(world.sync(items.slice(2))).rejects.toMatchObject(refused);
  expect(await world.services.catalogue.operations.countBacklog(world.projectId)).toBe(2);
  await world.workOnAll();
  // It is counted once a second.
  await expect(world.sync(items.slice(2))).rejects.toMatchObject(refused);
  world.clock.timeMs += 1_000;
  expect((await world.sync(items.slice(2))).sync).toHaveLength(1);
});

test('concurrent calls together do not exceed the backlog', async () => {
  await using world = await start(2);
  const outcomes = await Promise.allSettled(items.map((item) => world.sync([item])));
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  expect(await world.services.catalogue.operations.countBacklog(world.projectId)).toBe(2);
});

test('a scan that imports pauses while the backlog is full, and continues when there is room', async () => {
  await using world = await start(1);
  const { catalogue } = world.services;
  await world.sync(items.slice(0, 1));
  const scan = world.newOperation({ kind: 'scan', request: { ...plainScan, sync: true } });
  await catalogue.operations.addOperation(scan);
  const scanning = world.runOperation(scan.id);
  const show = () => catalogue.operations.showOperation(world.projectId, scan.id);
  while ((await show())?.status !== 'running') await new Promise(setImmediate);
  expect(await catalogue.operations.countBacklog(world.projectId)).toBe(1);
  await world.workOnAll();
  world.clock.timeMs += 1_000;
  await scanning;
  // It had read the catalogue before the first was recorded.
  expect(await catalogue.operations.countBacklog(world.projectId)).toBe(3);
  await world.workOnAll();
  expect(await show()).toMatchObject({ status: 'success', result: { sync_backup_num: 3 } });
});

test('a paused scan ends when it is cancelled', async () => {
  await using world = await start(1);
  const { catalogue } = world.services;
  await world.sync(items.slice(0, 1));
  const scan = world.newOperation({ kind: 'scan', request: { ...plainScan, sync: true } });
  await catalogue.operations.addOperation(scan);
  const scanning = world.runOperation(scan.id);
  const show = () => catalogue.operations.showOperation(world.projectId, scan.id);
  while ((await show())?.status !== 'running') await new Promise(setImmediate);
  await catalogue.operations.cancelOperation(world.projectId, scan.id, world.clock.nowMs());
  await scanning;
  expect(await show()).toMatchObject({ status: 'failed', fault: { code: 'cancelled' } });
});

test('paused scans leave a place for the imports that make room', async () => {
  const never = new AbortController();
  const clock = { nowMs: () => 0, monotonicMs: () => 0 };
  const backlog = new Backlog({ operations: { countBacklog: async () => 1 } }, clock, { max: 1, jobsAtOnce: 2 });
  const paused = backlog.untilRoom('project-1', 1, never.signal).catch((error: unknown) => error);
  await new Promise(setImmediate);
  await backlog.untilRoom('project-1', 1, never.signal);
  const stop = new Error('stop');
  never.abort(stop);
  expect(await paused).toBe(stop);
});

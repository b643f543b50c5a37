import { describe, expect, test } from 'vitest';
import { addSource, pauseSource, resumeSource } from '../calls/sources.ts';
import { acceptImports } from '../imports/accept-imports.ts';
import { runDueSources } from '../sources/source-scheduler.ts';
import { contextOfCalls } from '../testing/context-of-calls.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { plainScan } from '../testing/scan-over.ts';
import { openServicesOver } from '../testing/services-over.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';
import { StoredTimes } from './stored-times.ts';

const bucketName = 'volumebackups';
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const stepsMs = [-hourMs, 25 * hourMs, -180 * dayMs, 180 * dayMs];

async function open() {
  const backups = writeSmallChain('stored-times', 4, [[1]]);
  const objects = new Map(backups.flatMap(({ objects }) => [...objects]));
  const over = await openServicesOver(openMemoryStorageUnit(new Map([[bucketName, objects]])), bucketName);
  const { services, projectId, clock } = over;
  const caller = { kind: 'system', name: 'ada', projectId, role: 'administrator' } as const;
  const context = contextOfCalls(services, caller);
  const origin = {
    projectId,
    actor: caller,
    requestId: 'r',
    parentOperationId: null,
    withAncestors: false,
    lane: null,
  };
  return Object.assign(over, {
    context,
    /** Accepts the import of the first backup, and queues it. */
    async acceptImport() {
      const [full] = backups;
      if (full === undefined) throw new Error('the chain has links');
      const items = [{ item: syncItemOf(full, bucketName), proofsNotBeforeMs: null }];
      const [accepted] = await acceptImports(services, items, origin);
      if (accepted === undefined) throw new Error('one item was accepted');
      return accepted.id;
    },
    statusOf: async (id: string) => (await services.catalogue.operations.showOperation(projectId, id))?.status,
    /** Sets the clock for a moment in which the scheduler reads it. */
    async stepForAMoment(milliseconds: number) {
      clock.step(milliseconds);
      await runDueSources(services);
      clock.step(-milliseconds);
    },
  });
}

describe('an operation', () => {
  test.each(stepsMs)('does not end because the wall clock is set by %d ms while it waits', async (stepMs) => {
    await using world = await open();
    const importId = await world.acceptImport();
    const scan = world.newOperation({ kind: 'scan', request: plainScan });
    await world.services.catalogue.operations.addOperation(scan);
    world.clock.step(stepMs);
    await runDueSources(world.services);
    await world.workOnAll();
    await world.runOperation(scan.id);
    expect(await world.statusOf(importId)).toBe('success');
    expect((await world.services.catalogue.operations.showOperation(world.projectId, scan.id))?.status).toBe('success');
  });

  test.each([-180 * dayMs, 180 * dayMs])(
    'ends a day after its acceptance, or after the wall clock was set by %d ms',
    async (stepMs) => {
      await using world = await open();
      // It is accepted while the clock is wrong, and worked on after the clock is right again.
      world.clock.step(stepMs);
      const id = await world.acceptImport();
      world.clock.timeMs += hourMs;
      world.clock.step(-stepMs);
      await runDueSources(world.services);
      world.clock.timeMs += dayMs;
      await world.workOnAll();
      expect(await world.statusOf(id)).toBe('timeout');
    },
  );

  test('continues if the clock is ahead for a moment', async () => {
    await using world = await open();
    const id = await world.acceptImport();
    await world.stepForAMoment(25 * hourMs);
    await world.workOnAll();
    expect(await world.statusOf(id)).toBe('success');
  });

  test('ends within a day if an earlier process stored it with a clock far ahead', async () => {
    await using world = await open();
    world.clock.step(180 * dayMs);
    const id = await world.acceptImport();
    world.clock.step(-180 * dayMs);
    await world.services.catalogue.upkeep.followClock({ steppedMs: 0, nowMs: world.clock.nowMs() });
    world.clock.timeMs += dayMs;
    await world.workOnAll();
    expect(await world.statusOf(id)).toBe('timeout');
  });
});

describe('a source', () => {
  async function openWithSource() {
    const world = await open();
    const { context, services, projectId } = world;
    const input = { project_id: projectId, name: 'hourly', bucket_name: bucketName, prefix: '', interval_s: 3600 };
    const defaults = { format: null, path_template: null, level: 'linkage', reverify_after_s: null } as const;
    const limits = { removal_share: 0.2, incomplete_after_s: 86_400, force: false };
    const { source } = await addSource(context, { ...input, ...defaults, ...limits });
    let lastRunId: string | null = null;
    return Object.assign(world, {
      source: { project_id: projectId, source_id: source.id },
      /** Whether a new run is due now. If so, it is worked on. */
      async runs() {
        await runDueSources(services);
        await world.workOnAll();
        const found = await services.catalogue.sources.showSource(projectId, source.id);
        const isNew = found?.lastRun?.id !== lastRunId;
        lastRunId = found?.lastRun?.id ?? null;
        return isNew;
      },
    });
  }

  test.each([-hourMs, -180 * dayMs])('keeps its rhythm when the wall clock is set by %d ms', async (stepMs) => {
    await using world = await openWithSource();
    expect(await world.runs()).toBe(true);
    world.clock.timeMs += 30 * minuteMs;
    world.clock.step(stepMs);
    expect(await world.runs()).toBe(false);
    world.clock.timeMs += 29 * minuteMs;
    expect(await world.runs()).toBe(false);
    world.clock.timeMs += minuteMs;
    expect(await world.runs()).toBe(true);
  });

  test.each([25 * hourMs, 180 * dayMs])('runs immediately if it is set by %d ms, then in rhythm', async (stepMs) => {
    await using world = await openWithSource();
    expect(await world.runs()).toBe(true);
    world.clock.step(stepMs);
    expect(await world.runs()).toBe(true);
    world.clock.step(-stepMs);
    world.clock.timeMs += 59 * minuteMs;
    expect(await world.runs()).toBe(false);
    world.clock.timeMs += minuteMs;
    expect(await world.runs()).toBe(true);
  });

  test('runs within its interval if an earlier process planned it with a clock far ahead', async () => {
    await using world = await openWithSource();
    world.clock.step(180 * dayMs);
    expect(await world.runs()).toBe(true);
    world.clock.step(-180 * dayMs);
    await world.services.catalogue.upkeep.followClock({ steppedMs: 0, nowMs: world.clock.nowMs() });
    world.clock.timeMs += hourMs;
    expect(await world.runs()).toBe(true);
  });

  test('stays paused if it is paused', async () => {
    await using world = await openWithSource();
    expect(await world.runs()).toBe(true);
    await pauseSource(world.context, world.source);
    world.clock.step(-dayMs);
    world.clock.timeMs += 2 * dayMs;
    expect(await world.runs()).toBe(false);
    await resumeSource(world.context, world.source);
    expect(await world.runs()).toBe(true);
  });
});

test('nodes that share a clock do not move stored times once for each node that notices a change of it', async () => {
  await using world = await open();
  const { services, clock, projectId } = world;
  const id = await world.acceptImport();
  const deadlineMs = async () => (await services.catalogue.operations.showOperation(projectId, id))?.deadlineAtMs;
  const acceptedAtMs = clock.nowMs();
  const nodes = [1, 2, 3].map(() => new StoredTimes(services.catalogue, clock, { isShared: true }));
  const look = async () => {
    for (const node of nodes) await node.nowMs();
  };
  clock.step(hourMs);
  await look();
  expect(await deadlineMs()).toBe(acceptedAtMs + dayMs);
  clock.step(-10 * dayMs);
  await look();
  expect(await deadlineMs()).toBe(clock.nowMs() + dayMs);
});

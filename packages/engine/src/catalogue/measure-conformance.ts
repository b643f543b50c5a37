import { v7 as newId } from 'uuid';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Catalogue } from './catalogue.ts';
import { importBackup, makeAcceptance, makeItem, makeSource, type OpenCatalogue } from './fixtures-for-conformance.ts';
import { makeHook, makeSighting } from './hook-conformance.ts';
import type { MeasureLimits } from './measure-records.ts';

const dayMs = 24 * 60 * 60 * 1000;
const nowMs = 40 * dayMs;
const all: MeasureLimits = { projects: 10, sources: 10, resources: 100 };
const broken = { status: 'error', level: null, fault: { code: 'object_missing', detail: 'volume/1' } } as const;

/** Tests what every catalogue measures for monitoring. It is measured for all projects, so each test has a catalogue. */
export function describeMeasures(open: OpenCatalogue): void {
  let catalogue: Catalogue;
  beforeEach(async () => {
    catalogue = await open();
  });
  afterEach(() => catalogue[Symbol.asyncDispose]());

  const measure = (limits: MeasureLimits = all) => catalogue.measures.measureCatalogue(limits, nowMs);
  const make = (projectId: string, resourceId: string, takenAtMs: number, record: object = {}) =>
    importBackup(
      catalogue,
      projectId,
      makeItem(`${resourceId}-${takenAtMs}`, { resource_id: resourceId, resource_name: `name of ${resourceId}` }),
      { endedAtMs: nowMs, record: { takenAtMs, ...record } },
    );

  test('each resource has its state and its newest proved backup of each level', async () => {
    const projectId = newId();
    await make(projectId, 'failed', 1 * dayMs, { level: 'content', verifiedAtMs: 5 * dayMs });
    await make(projectId, 'failed', 2 * dayMs, { level: 'linkage', verifiedAtMs: 6 * dayMs });
    await make(projectId, 'failed', 3 * dayMs, broken);
    await make(projectId, 'proved', 1 * dayMs, broken);
    await make(projectId, 'proved', 2 * dayMs);
    await make(projectId, 'retired', 2 * dayMs);
    await make(projectId, 'unproved', 2 * dayMs, { level: 'presence' });
    await catalogue.backups.retireResource(projectId, 'retired', nowMs);
    const { resources, projects, dropped } = await measure();
    expect(resources.map(({ resourceId, state }) => [resourceId, state])).toEqual([
      ['failed', 'failed'],
      ['unproved', 'unproved'],
      ['proved', 'proved'],
      ['retired', 'retired'],
    ]);
    const failed = resources.find(({ resourceId }) => resourceId === 'failed');
    expect(failed).toMatchObject({ projectId, resourceName: 'name of failed' });
    expect(failed?.heads.find(({ level }) => level === 'content')).toEqual({
      level: 'content',
      takenAtMs: 1 * dayMs,
      verifiedAtMs: 5 * dayMs,
    });
    expect(failed?.heads.find(({ level }) => level === 'linkage')).toEqual({
      level: 'linkage',
      takenAtMs: 2 * dayMs,
      verifiedAtMs: 6 * dayMs,
    });
    expect(failed?.heads.map(({ level }) => level)).not.toContain('replay');
    expect(projects).toMatchObject([{ projectId, resources: 4 }]);
    expect(projects[0]?.backups.toSorted((a, b) => a.status.localeCompare(b.status))).toEqual([
      { status: 'available', count: 5 },
      { status: 'error', count: 2 },
    ]);
    expect(dropped).toEqual({ projects: 0, sources: 0, resources: 0 });
  });

  test('if there are too many resources, each project has a share for its worst, and leaves what it does not need', async () => {
    const [large, small] = [newId(), newId()];
    for (const [resourceId, day] of [
      ['a', 4],
      ['b', 3],
      ['c', 2],
      ['d', 1],
    ] as const)
      await make(large, resourceId, day * dayMs);
    await make(small, 'e', 5 * dayMs);
    const { resources, dropped } = await measure({ ...all, resources: 4 });
    const ofProject = (projectId: string) =>
      resources.flatMap((resource) => (resource.projectId === projectId ? resource.resourceId : []));
    expect(ofProject(large)).toEqual(['d', 'c', 'b']);
    expect(ofProject(small)).toEqual(['e']);
    expect(dropped.resources).toBe(1);
    expect((await measure({ ...all, resources: 1 })).resources).toHaveLength(1);
    // Its newest proved backup is the newest of all.
    await make(large, 'a', 5 * dayMs, broken);
    const one = await measure({ ...all, projects: 1, resources: 1 });
    expect(one.resources.map(({ resourceId, state }) => [resourceId, state])).toEqual([['a', 'failed']]);
    expect(one.dropped.resources).toBe(3);
    for (const resourceId of ['b', 'c', 'd']) await catalogue.backups.retireResource(large, resourceId, nowMs);
    expect((await measure({ ...all, projects: 1, resources: 1 })).dropped.resources).toBe(0);
  });

  test('projects and sources after the limits are only counted', async () => {
    const projectIds = [newId(), newId(), newId()];
    for (const projectId of projectIds) {
      await make(projectId, 'a', 1 * dayMs);
      await catalogue.sources.addSource(makeSource(projectId, newId(), { intervalS: 3_600, createdAtMs: 1_000 }));
    }
    const { projects, sources, dropped } = await measure({ ...all, projects: 2, sources: 1 });
    expect(projects.map(({ projectId }) => projectId)).toEqual(projectIds.slice(0, 2));
    expect(sources).toEqual([
      {
        projectId: projectIds[0],
        name: expect.stringContaining('name of'),
        bucketName: 'bucket-1',
        intervalS: 3_600,
        createdAtMs: 1_000,
        lastGoodSyncAtMs: null,
        isHeld: false,
        isPaused: false,
      },
    ]);
    expect(dropped).toMatchObject({ projects: 1, sources: 2 });
  });

  test('unfinished operations are counted, with the time of the oldest of all projects', async () => {
    const idle = await measure();
    expect(idle.oldest).toEqual([
      { status: 'waiting', createdAtMs: null },
      { status: 'running', createdAtMs: null },
    ]);
    const accept = (acceptedAtMs: number, id: string) =>
      catalogue.operations.accept({ ...makeAcceptance(newId(), [makeItem(id)]), acceptedAtMs });
    await accept(7_000, 'a');
    await accept(5_000, 'b');
    const busy = await measure({ ...all, projects: 1 });
    expect(busy.oldest).toContainEqual({ status: 'waiting', createdAtMs: 5_000 });
    expect(busy.unfinished).toContainEqual({ kind: 'import', status: 'waiting', count: 2 });
    expect(busy.unfinished).toContainEqual({ kind: 'verify', status: 'waiting', count: 0 });
  });

  test('hooks are counted, with the events that they have not delivered', async () => {
    const hookId = newId();
    await catalogue.hooks.addHook(makeHook(newId(), hookId));
    for (const changes of [{ pausedAtMs: 1_000 }, { pausedAtMs: 1_000, goneAtMs: 1_000 }]) {
      const [projectId, id] = [newId(), newId()];
      await catalogue.hooks.addHook(makeHook(projectId, id));
      await catalogue.hooks.changeHook(projectId, id, changes);
    }
    const sightings = [makeSighting('source-1', true, 1_000), makeSighting('source-2', true, 1_000)];
    await catalogue.hooks.noteProblems({ hookId, sightings, cursors: null, forgetBeforeMs: null });
    const { hooks, hookDeliveries } = await measure({ ...all, projects: 1 });
    expect(hooks).toEqual([
      { status: 'active', count: 1 },
      { status: 'paused', count: 1 },
      { status: 'gone', count: 1 },
    ]);
    expect(hookDeliveries).toEqual([
      { status: 'waiting', count: 2 },
      { status: 'failed', count: 0 },
    ]);
  });

  test('outages and the size of the database are measured', async () => {
    const outage = {
      storageUnitId: 'unit-1',
      bucketName: 'bucket-1',
      fault: { code: 'storage_unreachable', detail: '' },
      beganAtMs: 1_000,
      attempts: 1,
      notBeforeMs: 2_000,
    } as const;
    await catalogue.outages.saveOutage(outage);
    const { outages, sizeBytes } = await measure();
    expect(outages).toEqual([outage]);
    expect(sizeBytes).toBeGreaterThan(100_000);
    await catalogue.outages.endOutage('unit-1', 'bucket-1');
    expect((await measure()).outages).toEqual([]);
  });
}

import { setTimeout } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { hasItem } from '../catalogue/operation-records.ts';
import { acceptImports } from '../imports/accept-imports.ts';
import { alterStorage } from '../testing/altered-storage.ts';
import { type CinderBackupPlan, dataKeysOf, writeCinderBackup } from '../testing/cinder-writer.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { seededBytes, seededUuid } from '../testing/seeded-bytes.ts';
import { openServicesOver } from '../testing/services-over.ts';
import { syncItemOf } from '../testing/small-chain.ts';
import type { VerificationOptions } from './verify-chain.ts';

const bucketName = 'backups';
const objectsOfLink = 40;

const plan: CinderBackupPlan = {
  volumeId: seededUuid('shared/volume'),
  backupId: seededUuid('shared/0'),
  takenAtMs: Date.UTC(2026, 2, 1),
  volume: seededBytes('shared/0', objectsOfLink * 512),
  objectBytes: 512,
  blockBytes: 512,
  compression: 'none',
};
const full = writeCinderBackup(plan);
const leaf = writeCinderBackup({
  ...plan,
  backupId: seededUuid('shared/1'),
  takenAtMs: Date.UTC(2026, 2, 2),
  volume: seededBytes('shared/1', objectsOfLink * 512),
  parent: full,
});
const links = [full, leaf];
const dataKeys = links.flatMap(dataKeysOf);
const keyOf = (link: number, object: number) => dataKeys[link * objectsOfLink + object] ?? '';

const everyLink = { from: 0, count: null };

/** Parts of ten objects, so each link has four. */
const cutting = { leastPartBytes: 10 * 512, linkPartsMax: 64, bytesForHashByte: 0 };

let opened = new AsyncDisposableStack();
afterEach(async () => {
  await opened.disposeAsync();
  opened = new AsyncDisposableStack();
});

/** A recorded chain in memory. `asked` has the keys of the data that was read. */
async function open(verification: Partial<VerificationOptions> = {}) {
  const buckets = new Map([[bucketName, new Map(links.flatMap(({ objects }) => [...objects]))]]);
  const asked: string[] = [];
  const held = new Map<string, Promise<void>>();
  const storage = alterStorage(openMemoryStorageUnit(buckets), {
    beforeGet: ({ key }) => void (dataKeys.includes(key) && asked.push(key)),
    get: ({ key }, content) => ({ ...content, body: behind(held.get(key) ?? Promise.resolve(), content.body) }),
  });
  const world = opened.use(
    await openServicesOver(storage, bucketName, {
      linkageMaxBytes: Number.POSITIVE_INFINITY,
      verification: { cutting, ...verification },
    }),
  );
  const { services, projectId } = world;
  const origin = { actor: { kind: 'system', name: 'ada' }, requestId: 'r', parentOperationId: null } as const;
  const items = links.map((link) => ({ item: syncItemOf(link, bucketName), proofsNotBeforeMs: null }));
  await acceptImports(services, items, { ...origin, projectId, withAncestors: false, lane: null });
  await world.workOnAll();
  const request = { level: 'content', readAfterMs: services.world.clock.nowMs() };
  const operation = world.newOperation({ kind: 'verify', backupId: leaf.plan.backupId, request });
  await services.catalogue.operations.addOperation(operation);
  const { id } = operation;
  return {
    ...world,
    id,
    asked,
    key: { ...operation, kind: 'verify' as const },
    /** Delays the data of an object until the returned function is called. */
    hold(key: string) {
      const { promise, resolve } = Promise.withResolvers<void>();
      held.set(key, promise);
      opened.defer(resolve);
      return resolve;
    },
    damage(key: string) {
      const bytes = Uint8Array.from(buckets.get(bucketName)?.get(key) ?? []);
      bytes[7] = (bytes[7] ?? 0) ^ 1;
      buckets.get(bucketName)?.set(key, bytes);
    },
    show: () => services.catalogue.operations.showOperation(projectId, id),
    /** Waits until the parts are as wanted. */
    async until(isAsWanted: (states: string) => boolean) {
      while (
        !isAsWanted((await services.catalogue.parts.listParts(id, everyLink)).map(({ state }) => state).join(' '))
      ) {
        await setTimeout(5);
      }
    },
    /** The state of each record, and the level that is proved of its link alone. */
    async records() {
      const ids = links.map(({ plan }) => plan.backupId);
      const proofs = await services.catalogue.backups.findProofs(projectId, ids);
      const levels = new Map(proofs.map(({ backupId, level }) => [backupId, level]));
      const records = await Promise.all(ids.map((id) => services.catalogue.backups.showBackup(projectId, id)));
      return records.map((record) => [record?.status, levels.get(record?.backupId ?? ''), record?.fault]);
    },
    /** The keys of the data in the parts that are not read. */
    async unread() {
      const unread = (await services.catalogue.parts.listParts(id, everyLink)).filter(({ state }) => state !== 'done');
      return unread.flatMap(({ link, firstObject, objectCount }) => {
        const first = link * objectsOfLink + firstObject;
        return dataKeys.slice(first, objectCount === null ? (link + 1) * objectsOfLink : first + objectCount);
      });
    },
  };
}

async function* behind(released: Promise<void>, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  await released;
  yield* body;
}

const whole = [
  ['available', 'content', null],
  ['available', 'content', null],
];

test('a verification that is stopped between parts reads only the rest when it continues', async () => {
  const world = await open();
  const release = world.hold(keyOf(0, 25));
  const stopping = new AbortController();
  const stopped = world.runOperation(world.id, world.services, stopping.signal);
  await world.until((states) => states.startsWith('done done held'));
  stopping.abort(new Error('the server stops'));
  await stopped;
  await world.services.catalogue.operations.releaseOperations('worker-1', world.clock.nowMs());
  const unread = await world.unread();
  expect(unread.length).toBeGreaterThanOrEqual(10);
  expect(await world.show()).toMatchObject({ status: 'waiting' });
  release();
  world.asked.length = 0;
  await world.runOperation(world.id);
  expect(await world.show()).toMatchObject({
    status: 'success',
    progress: { link: 2, objects: 80, stored_bytes: 80 * 512, plain_bytes: 80 * 512 },
  });
  expect(world.asked.toSorted()).toEqual(unread.toSorted());
  expect(await world.records()).toEqual(whole);
  expect(world.faults).toEqual([]);
});

test('two workers share the parts, and each object is read once', async () => {
  const world = await open({ otherWorkers: () => 1 });
  const release = world.hold(keyOf(0, 3));
  const coordinated = world.runOperation(world.id);
  await world.until((states) => states.startsWith('held'));
  expect(world.jobs()).toMatchObject([{ kind: 'part', operation: { id: world.id }, helper: 1, lane: 'mass' }]);
  await world.help(world.key, 'worker-2');
  // All parts that nobody had claimed are read; the first links of the chain are not judged before all of theirs are.
  await world.until((states) => /^held( held)?( done)+$/.test(states));
  expect(await world.records()).toEqual(links.map(() => ['available', 'linkage', null]));
  release();
  await coordinated;
  expect(await world.show()).toMatchObject({ status: 'success', progress: { link: 2, objects: 80 } });
  expect(world.asked.toSorted()).toEqual(dataKeys.toSorted());
  expect((await world.show())?.requests?.gets).toBeGreaterThanOrEqual(80);
  expect(await world.records()).toEqual(whole);
  expect(world.faults).toEqual([]);
});

test('help is asked for again after a minute, since a helper may have ended early', async () => {
  const world = await open({ otherWorkers: () => 1 });
  const releases = [world.hold(keyOf(0, 3)), world.hold(keyOf(1, 35))];
  const coordinated = world.runOperation(world.id);
  await world.until((states) => states.startsWith('held'));
  const asked = [{ kind: 'part', operation: { id: world.id }, helper: 1 }];
  expect(world.jobs()).toMatchObject(asked);
  world.clock.timeMs += 60_000;
  releases[0]?.();
  // It looks around before it reads the other link.
  await world.until((states) => states.endsWith('held'));
  expect(world.jobs()).toMatchObject([...asked, ...asked]);
  releases[1]?.();
  await coordinated;
  expect(await world.show()).toMatchObject({ status: 'success' });
});

test('a helper is not asked for where no other worker exists, and does nothing for its own verification', async () => {
  const world = await open();
  const release = world.hold(keyOf(0, 3));
  const coordinated = world.runOperation(world.id);
  await world.until((states) => states.startsWith('held'));
  expect(world.jobs()).toEqual([]);
  const before = world.asked.length;
  await world.help(world.key, 'worker-1');
  expect(world.asked.length).toBe(before);
  release();
  await coordinated;
  expect(await world.show()).toMatchObject({ status: 'success' });
});

test('a part of a worker that falls silent is read by another, and its late finish changes nothing', async () => {
  const world = await open();
  const { parts } = world.services.catalogue;
  const release = world.hold(keyOf(0, 0));
  const coordinated = world.runOperation(world.id);
  await world.until((states) => states.startsWith('held'));
  const at = { backupId: leaf.plan.backupId, firstObject: 20 };
  const late = await parts.claimPart({ operationId: world.id, leaseOwner: 'worker-2', at });
  if (late === null) throw new Error('the part is open');
  release();
  await world.until((states) => states === 'done done done done done done held done');
  const waits = world.asked.length;
  // The worker that waits looks each second. Time passes until it takes the part back.
  while ((await world.show())?.status === 'running') {
    world.clock.timeMs += 20_000;
    await setTimeout(100);
  }
  await coordinated;
  expect(world.asked.slice(waits)).toEqual(dataKeys.slice(60, 70));
  const fault = { code: 'content_mismatch', detail: 'late' } as const;
  const work = { progress: late.progress, requests: { lists: 7, gets: 7, bytesRead: 7 } };
  const before = await world.show();
  expect(await parts.finishPart(late, work, fault, null)).toMatchObject({ isFinished: false });
  expect(await world.show()).toEqual(before);
  expect(await world.records()).toEqual(whole);
});

test.each([
  ['of the leaf', [[1, 15]]],
  ['of the full backup', [[0, 17]]],
  [
    'of several parts and links',
    [
      [1, 2],
      [0, 35],
      [0, 18],
      [0, 12],
    ],
  ],
] as const)('broken objects in the middle %s give the same fault in parts as in one piece', async (_, broken) => {
  const outcomes = [];
  for (const each of [cutting, { ...cutting, leastPartBytes: 1_000_000 }]) {
    const world = await open({ cutting: each });
    for (const [link, object] of broken) world.damage(keyOf(link, object));
    await world.runOperation(world.id);
    const operation = await world.show();
    if (operation === null || hasItem(operation)) throw new Error('the verification is recorded');
    const { status, fault, result, message } = operation;
    outcomes.push({ status, fault, result, message, records: await world.records() });
  }
  expect(outcomes[0]).toMatchObject({ status: 'failed' });
  expect(outcomes[0]).toEqual(outcomes[1]);
});

test('a helper that finds a later fault first does not hide an earlier one', async () => {
  const world = await open();
  world.damage(keyOf(0, 9));
  world.damage(keyOf(1, 5));
  const release = world.hold(keyOf(0, 3));
  const coordinated = world.runOperation(world.id);
  await world.until((states) => states.startsWith('held'));
  await world.help(world.key, 'worker-2');
  const parts = await world.services.catalogue.parts.listParts(world.id, everyLink);
  expect(parts.find(({ fault }) => fault !== null)).toMatchObject({ link: 1, firstObject: 0 });
  release();
  await coordinated;
  expect(await world.show()).toMatchObject({ status: 'failed', fault: { code: 'parent_broken' } });
  const [record] = await world.records();
  expect(record?.[2]).toMatchObject({ code: 'content_mismatch', detail: expect.stringContaining(keyOf(0, 9)) });
});

test('a job that takes too long ends by itself, and another job of the same verification reads the rest', async () => {
  const world = await open({ jobLivesMs: 1_000 });
  const release = world.hold(keyOf(0, 25));
  await world.runOperation(world.id);
  expect(await world.show()).toMatchObject({ status: 'waiting', fault: null, retries: { attempts: 0 } });
  expect(world.jobs()).toMatchObject([{ kind: 'operation', operation: { id: world.id }, notBeforeMs: null }]);
  release();
  const unread = await world.unread();
  world.asked.length = 0;
  // Nothing ends it as `timeout`, however long it takes.
  world.clock.timeMs += 3 * 24 * 60 * 60 * 1000;
  await world.runOperation(world.id);
  expect(await world.show()).toMatchObject({ status: 'success', progress: { objects: 80 } });
  expect(unread.length).toBeLessThan(80);
  expect(world.asked.toSorted()).toEqual(unread.toSorted());
  expect(await world.records()).toEqual(whole);
  expect(world.faults).toEqual([]);
});

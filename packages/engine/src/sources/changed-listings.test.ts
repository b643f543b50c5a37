import type { BackupSync, BucketPlanItem, PlanClass, ReasonCode } from '@backup-sync/contracts';
import { describe, expect, test } from 'vitest';
import { makeSource } from '../catalogue/fixtures-for-conformance.ts';
import { openFilesystemStorageUnit } from '../storage/filesystem/filesystem-storage-unit.ts';
import type { StorageUnit } from '../storage/port.ts';
import { alterStorage } from '../testing/altered-storage.ts';
import { syncItemsOfLonghorn, writeLonghornVolume } from '../testing/longhorn-writer.ts';
import { syncItemOfManifest } from '../testing/manifest-writer.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { plainScan } from '../testing/scan-over.ts';
import { openServicesOver } from '../testing/services-over.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';
import { writeSmallManifestChain } from '../testing/small-manifest-chain.ts';
import { makeTestBuckets } from '../testing/test-buckets.ts';
import { startSourceRun } from './start-source-run.ts';

const bucketName = 'backups';
const template = '{plan}/{backup_id}';
const laterMs = Date.UTC(2026, 5, 1);

/** Backups of one format, with an object that every backup needs and that is invalid when cut short. */
type Case = {
  readonly format: string;
  readonly objects: ReadonlyMap<string, Uint8Array>;
  /** The first has the object. The others build on it or share it. */
  readonly items: readonly BackupSync[];
  readonly key: string;
  readonly level: string;
  /** The reason of each backup when the object is lost. Null: the format proves only that the backup is there. */
  readonly whenLost: readonly (ReasonCode | null)[];
  /** The same when the object is empty. */
  readonly whenEmpty: readonly (ReasonCode | null)[];
};

function cinderCase(): Case {
  const chain = writeSmallChain('changed', 8, [[1], [6]]);
  const objects = new Map(chain.flatMap((backup) => [...backup.objects]));
  return {
    format: 'cinder',
    objects,
    items: chain.map((backup) => syncItemOf(backup, bucketName)),
    key: `${chain[0]?.imagePath}-00002`,
    level: 'linkage',
    whenLost: ['object_missing', 'parent_broken', 'parent_broken'],
    whenEmpty: ['object_size_impossible', 'parent_broken', 'parent_broken'],
  };
}

function manifestCase(): Case {
  const chain = writeSmallManifestChain('changed', 8, [[1], [6]]);
  return {
    format: 'manifest',
    objects: new Map(chain.flatMap((backup) => [...backup.objects])),
    items: chain.map((backup) => syncItemOfManifest(backup, bucketName)),
    key: `${chain[0]?.imagePath}/data/000002`,
    level: 'linkage',
    whenLost: ['object_missing', 'parent_broken', 'parent_broken'],
    whenEmpty: ['object_size_impossible', 'parent_broken', 'parent_broken'],
  };
}

function longhornCase(): Case {
  const volume = writeLonghornVolume('changed', 8, [[0, 1, 2], [5], [6]]);
  return {
    format: 'longhorn',
    objects: volume.objects,
    items: syncItemsOfLonghorn(volume, bucketName),
    key: volume.blockKeys[0]?.[1] ?? '',
    level: 'linkage',
    whenLost: ['object_missing', 'object_missing', 'object_missing'],
    whenEmpty: ['object_size_impossible', 'object_size_impossible', 'object_size_impossible'],
  };
}

function unknownCase(): Case {
  const [full] = writeSmallChain('unknown', 4, []);
  if (full === undefined) throw new Error('a chain has links');
  return {
    format: 'unknown',
    objects: new Map(Array.from({ length: 5 }, (_, index) => [`plan/b-1/${index}`, Uint8Array.of(index, 1)])),
    items: [{ ...syncItemOf(full, bucketName), backup_id: 'b-1', image_path: 'plan/b-1' }],
    key: 'plan/b-1/2',
    level: 'presence',
    whenLost: [null],
    whenEmpty: [null],
  };
}

const cases = [cinderCase(), manifestCase(), longhornCase(), unknownCase()];
const kinds = ['a directory', 'objects with ETags'] as const;

/** A bucket that can change, on a directory (which has no ETags) or in memory (which has them). */
async function openBucket(kind: (typeof kinds)[number], objects: ReadonlyMap<string, Uint8Array>) {
  const memory = new Map(objects);
  const buckets = await makeTestBuckets();
  await buckets.put(bucketName, objects);
  const unit: StorageUnit =
    kind === 'a directory'
      ? await openFilesystemStorageUnit({ id: 'unit', directory: buckets.directory })
      : openMemoryStorageUnit(new Map([[bucketName, memory]]));
  let cutBehind: string | null = null;
  return {
    storage: alterStorage(unit, { list: (entry) => (cutBehind !== null && entry.key > cutBehind ? null : entry) }),
    put: async (key: string, bytes: Uint8Array) => {
      memory.set(key, bytes);
      await buckets.put(bucketName, [[key, bytes]], laterMs);
    },
    remove: async (key: string) => {
      memory.delete(key);
      await buckets.remove(bucketName, key);
    },
    /** Listings end silently after this key. Null: they are complete. */
    cutListings: (key: string | null) => {
      cutBehind = key;
    },
    [Symbol.asyncDispose]: () => buckets[Symbol.asyncDispose](),
  };
}

async function openWorld(kind: (typeof kinds)[number], { objects, items, format }: Case) {
  const bucket = await openBucket(kind, objects);
  const over = await openServicesOver(bucket.storage, bucketName, { linkageMaxBytes: Number.POSITIVE_INFINITY });
  const { services, projectId } = over;
  const pathTemplate = format === 'unknown' ? template : null;
  const place = { storageUnitId: bucket.storage.id, bucketName, prefix: '', nextRunAtMs: null };
  const source = makeSource(projectId, 'source-1', { ...place, format: null, pathTemplate, level: 'linkage' });
  await services.catalogue.sources.addSource(source);
  const runOperation = async (operation: Parameters<typeof over.newOperation>[0]) => {
    const added = over.newOperation(operation);
    await services.catalogue.operations.addOperation(added);
    await over.runOperation(added.id);
    await over.workOnAll();
    return added.id;
  };
  const requestsOf = async (id: string) => (await services.catalogue.operations.showOperation(projectId, id))?.requests;
  const scan = () => runOperation({ kind: 'scan', request: { ...plainScan, pathTemplate, sync: true } });
  const run = async () => {
    const origin = { actor: { kind: 'system', name: 'ada' }, requestId: 'r', confirmsRemovals: false } as const;
    const started = await startSourceRun(services, source, origin);
    await over.workOnAll();
    return started?.operationId ?? '';
  };
  return {
    ...bucket,
    faults: over.faults,
    ways: { scan, run },
    requestsOf,
    /** Imports that an operation accepted. */
    importsOf: async (id: string) => {
      const page = await services.catalogue.operations.listOperations({
        project_id: projectId,
        limit: 1000,
        offset: 0,
      });
      return page === 'marker_not_found' ? [] : page.rows.filter(({ parentOperationId }) => parentOperationId === id);
    },
    /** The recorded reason or level of each backup. */
    verdicts: async () =>
      Promise.all(
        items.map(async ({ backup_id }) => {
          const record = await services.catalogue.backups.showBackup(projectId, backup_id);
          return record?.fault?.code ?? record?.level;
        }),
      ),
    /** The newest backup that is proved to its level, on which `check` decides. */
    newestProved: async () => {
      const level = format === 'unknown' ? 'presence' : 'linkage';
      const { rows } = await services.catalogue.backups.listResources({ project_id: projectId, level, limit: 10 });
      return rows[0]?.head?.backupId ?? null;
    },
    digests: async () =>
      Promise.all(
        items.map(async (item) => (await services.catalogue.backups.showBackup(projectId, item.backup_id))?.listing),
      ),
    plan: async () => {
      const id = await runOperation({ kind: 'plan', request: { prefix: '', pathTemplate } });
      const found = await services.catalogue.operations.listFindings(id, 0, 1000);
      const classes = new Map(
        found.map(({ finding }) => finding as BucketPlanItem).map((each) => [each.backup_id, each.class]),
      );
      return { id, classes: items.map((item): PlanClass | undefined => classes.get(item.backup_id)) };
    },
    async [Symbol.asyncDispose]() {
      await over[Symbol.asyncDispose]();
      await bucket[Symbol.asyncDispose]();
    },
  };
}

const table = cases.flatMap((each) =>
  kinds.flatMap((kind) => (['run', 'scan'] as const).map((way) => ({ ...each, each, kind, way }))),
);

describe.each(table)(
  '$format on $kind, by a $way',
  ({ each, kind, way, key, level, items, objects, whenLost, whenEmpty }) => {
    const whole = items.map(() => level);
    const expected = (reasons: readonly (ReasonCode | null)[]) => reasons.map((reason) => reason ?? level);
    const classOf = (reasons: readonly (ReasonCode | null)[]) =>
      reasons.map((reason) => (reason === null ? 'changed' : 'broken'));
    const bytes = objects.get(key) ?? new Uint8Array();

    test('a lost object is noticed in the next run, and once it is back every backup is whole again', async () => {
      await using world = await openWorld(kind, each);
      const work = world.ways[way];
      await work();
      expect(await world.verdicts()).toEqual(whole);
      expect(await world.newestProved()).toBe(items.at(-1)?.backup_id);
      await world.remove(key);
      expect((await world.plan()).classes).toEqual(classOf(whenLost));
      await work();
      const left = items.filter((_, index) => whenLost[index] === null);
      expect(await world.newestProved()).toBe(left.at(-1)?.backup_id ?? null);
      expect(await world.verdicts()).toEqual(expected(whenLost));
      // Nothing has changed since, so only the listing is read.
      const again = await work();
      expect(await world.requestsOf(again)).toMatchObject({ lists: 1, gets: 0 });
      expect(await world.importsOf(again)).toEqual([]);
      await world.put(key, bytes);
      await work();
      expect(await world.verdicts()).toEqual(whole);
      expect((await world.plan()).classes).toEqual(items.map(() => 'same'));
      expect(world.faults).toEqual([]);
    });

    test('a replaced object is noticed in the next run, and so is its return', async () => {
      await using world = await openWorld(kind, each);
      const work = world.ways[way];
      await work();
      const before = await world.digests();
      await world.put(key, new Uint8Array());
      expect((await world.plan()).classes).toEqual(classOf(whenEmpty));
      await work();
      expect(await world.verdicts()).toEqual(expected(whenEmpty));
      expect((await world.digests())[0]?.digest).not.toBe(before[0]?.digest);
      await world.put(key, bytes);
      await work();
      expect(await world.verdicts()).toEqual(whole);
      expect(world.faults).toEqual([]);
    });

    test('an object cut to one byte is noticed', async () => {
      await using world = await openWorld(kind, each);
      const work = world.ways[way];
      await work();
      await world.put(key, bytes.subarray(0, 1));
      await work();
      expect(await world.verdicts()).toEqual(expected(whenEmpty));
      await world.put(key, bytes);
      await work();
      expect(await world.verdicts()).toEqual(whole);
    });

    test('backups that build on a missing one are broken in the next run, and whole once it is back', async () => {
      // Backups need each other only in chains.
      const [first, ...rest] = items;
      if (first === undefined || !whenLost.includes('parent_broken')) return;
      await using world = await openWorld(kind, each);
      const work = world.ways[way];
      await work();
      const gone = [...objects].filter(([each]) => each.startsWith(first.image_path));
      for (const [each] of gone) await world.remove(each);
      await work();
      const [absent, ...others] = await world.verdicts();
      expect(absent).toBe(level);
      for (const verdict of others) expect(['parent_missing', 'parent_broken']).toContain(verdict);
      const planned = (await world.plan()).classes;
      expect(planned).toEqual(['vanished', ...rest.map(() => 'broken')]);
      for (const [each, content] of gone) await world.put(each, content);
      await work();
      expect(await world.verdicts()).toEqual(whole);
    });

    test('another backup at the image path of a record does not prove it', async () => {
      await using world = await openWorld(kind, each);
      const work = world.ways[way];
      await work();
      const mark = [...objects.keys()].find((each) => each.endsWith('_metadata') || each.endsWith('manifest.json'));
      if (mark === undefined) return;
      const bytes = objects.get(mark) ?? new Uint8Array();
      // The same document with an extra space: the proved object is gone.
      await world.put(mark, Buffer.concat([Buffer.from(bytes), Buffer.from('\n')]));
      await work();
      expect((await world.verdicts())[0]).toBe('conflict');
      await world.put(mark, bytes);
      await work();
      expect(await world.verdicts()).toEqual(whole);
    });

    test('a listing that was cut short once leaves no backup broken', async () => {
      await using world = await openWorld(kind, each);
      const work = world.ways[way];
      await work();
      world.cutListings(key.slice(0, -1));
      await work();
      world.cutListings(null);
      await work();
      expect(await world.verdicts()).toEqual(whole);
      expect((await world.plan()).classes).toEqual(items.map(() => 'same'));
    });
  },
);

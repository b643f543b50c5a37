import { v7 as newId } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Catalogue } from './catalogue.ts';
import type { OpenCatalogue } from './fixtures-for-conformance.ts';

/** Tests what every memory of proved objects does. */
export function describeProvedObjects(open: OpenCatalogue): void {
  let catalogue: Catalogue;

  beforeAll(async () => {
    catalogue = await open();
  });
  afterAll(() => catalogue[Symbol.asyncDispose]());

  const object = (key: string, changes: object = {}) => ({
    ...{ key, firstByte: 0, etag: `etag of ${key}`, size: 2 ** 40, digest: `digest of ${key}` },
    ...changes,
  });

  test('returns what was proved in a bucket of a project, after a time, by a check', async () => {
    const { provedObjects } = catalogue;
    const here = { projectId: newId(), storageUnitId: 'unit', bucketName: 'bucket' };
    const parts = [object('b', { firstByte: 512 }), object('b'), object('a')];
    await provedObjects.keepProvedObjects(here, parts, { checkVersion: '1', provedAtMs: 2_000 });
    const find = async (place: typeof here, sinceMs = 1_999, checkVersion = '1') =>
      new Set(await provedObjects.findProvedObjects(place, ['a', 'b', 'c'], { checkVersion, sinceMs }));
    expect(await find(here)).toEqual(new Set(parts));
    for (const other of [{ projectId: newId() }, { storageUnitId: 'other' }, { bucketName: 'other' }]) {
      expect(await find({ ...here, ...other })).toEqual(new Set());
    }
    expect(await find(here, 2_000)).toEqual(new Set());
    expect(await find(here, 0, '2')).toEqual(new Set());
  });

  test('keeps the latest of the same bytes', async () => {
    const { provedObjects } = catalogue;
    const here = { projectId: newId(), storageUnitId: 'unit', bucketName: 'bucket' };
    const changed = object('a', { etag: 'other', size: 3, digest: 'other' });
    await provedObjects.keepProvedObjects(here, [object('a')], { checkVersion: '1', provedAtMs: 2_000 });
    await provedObjects.keepProvedObjects(here, [changed], { checkVersion: '2', provedAtMs: 3_000 });
    const made = { checkVersion: '2', sinceMs: 2_999 };
    expect(await provedObjects.findProvedObjects(here, ['a'], made)).toEqual([changed]);
  });

  test('forgets what is too old, and all but the newest of too many', async () => {
    const { provedObjects } = catalogue;
    const here = { projectId: newId(), storageUnitId: 'unit', bucketName: 'bucket' };
    const elsewhere = { ...here, projectId: newId() };
    for (const [index, key] of ['a', 'b', 'c', 'd'].entries()) {
      const made = { checkVersion: '1', provedAtMs: 1_000 + index };
      for (const place of [here, elsewhere]) await provedObjects.keepProvedObjects(place, [object(key)], made);
    }
    const keysAt = async (place: typeof here) => {
      const made = { checkVersion: '1', sinceMs: 0 };
      const found = await provedObjects.findProvedObjects(place, ['a', 'b', 'c', 'd'], made);
      return found.map(({ key }) => key).toSorted();
    };
    await provedObjects.pruneProvedObjects(here.projectId, { beforeMs: 1_000, keptMax: 100 });
    expect(await keysAt(here)).toEqual(['b', 'c', 'd']);
    await provedObjects.pruneProvedObjects(here.projectId, { beforeMs: 0, keptMax: 2 });
    expect(await keysAt(here)).toEqual(['c', 'd']);
    expect(await keysAt(elsewhere)).toEqual(['a', 'b', 'c', 'd']);
  });
}

import { expect, test } from 'vitest';
import { makeTestBuckets } from '../testing/test-buckets.ts';
import { countRequests } from './counted-storage-unit.ts';
import { openFilesystemStorageUnit } from './filesystem/filesystem-storage-unit.ts';
import { limitToGrants } from './granted-storage-unit.ts';
import { everything } from './grants.ts';

const grant = { projectId: 'p', storageUnitId: 'unit', bucketName: 'shared', prefix: 'team/' };

async function openLimited(grants: readonly (typeof grant)[]) {
  const buckets = await makeTestBuckets();
  for (const bucket of ['shared', 'other']) {
    await buckets.put(bucket, [
      ['team/a', 'ours'],
      ['team-b/a', 'theirs'],
    ]);
  }
  const unit = await openFilesystemStorageUnit({ id: 'unit', directory: buckets.directory });
  const { unit: counted, count } = countRequests(unit);
  return {
    limited: limitToGrants(counted, () => Promise.resolve(grants)),
    count,
    async [Symbol.asyncDispose]() {
      await unit[Symbol.asyncDispose]();
      await buckets[Symbol.asyncDispose]();
    },
  };
}

test('requests within the grants are passed on', async () => {
  for (const grants of [[grant], [{ ...grant, prefix: '' }], [{ ...grant, storageUnitId: everything }]]) {
    await using opened = await openLimited(grants);
    const listed = (await Array.fromAsync(opened.limited.list({ bucket: 'shared', prefix: 'team/' }))).flat();
    expect(listed.map(({ key }) => key)).toEqual(['team/a']);
    expect((await opened.limited.head({ bucket: 'shared', key: 'team/a' })).size).toBe(4);
    expect((await opened.limited.get({ bucket: 'shared', key: 'team/a' })).size).toBe(4);
    // Requests of other threads are admitted by the bucket alone: their keys were listed through here.
    let begun = 0;
    const begin = async () => {
      begun += 1;
    };
    await opened.limited.admit({ bucket: 'shared', kind: 'get', subject: 'key', begin });
    expect(begun).toBe(1);
    expect((await Array.fromAsync(opened.limited.listFolders({ bucket: 'shared', prefix: 'team/' }))).flat()).toEqual(
      [],
    );
  }
});

test('a request outside the grants never reaches storage', async () => {
  for (const grants of [[grant], [{ ...grant, storageUnitId: 'another unit' }], []]) {
    await using opened = await openLimited(grants);
    const { limited } = opened;
    for (const [bucket, place] of [
      ['shared', 'team-b/a'],
      ['shared', 'team'],
      ['shared', ''],
      ['other', 'team/a'],
    ] as const) {
      const message = `the project has no grant for: ${place === '' ? bucket : `${bucket}/${place}`}`;
      const refused = { code: 'access_denied', message };
      await expect(limited.get({ bucket, key: place })).rejects.toMatchObject(refused);
      await expect(limited.head({ bucket, key: place })).rejects.toMatchObject(refused);
      await expect(Array.fromAsync(limited.list({ bucket, prefix: place }))).rejects.toMatchObject(refused);
      await expect(Array.fromAsync(limited.listFolders({ bucket, prefix: place }))).rejects.toMatchObject(refused);
    }
    const begin = () => Promise.reject(new Error('storage was asked'));
    await expect(limited.admit({ bucket: 'other', kind: 'get', subject: 'key', begin })).rejects.toMatchObject({
      code: 'access_denied',
    });
    if (!grants.some(({ storageUnitId }) => storageUnitId === 'unit')) {
      await expect(limited.admit({ bucket: 'shared', kind: 'get', subject: 'key', begin })).rejects.toMatchObject({
        code: 'access_denied',
      });
    }
    expect(opened.count()).toEqual({ lists: 0, gets: 0, bytesRead: 0 });
  }
});

test('running work fails at its next request after its grant was revoked', async () => {
  const grants = [grant];
  await using opened = await openLimited(grants);
  const { limited } = opened;
  await limited.head({ bucket: 'shared', key: 'team/a' });
  const pages = limited.list({ bucket: 'shared', prefix: 'team/' })[Symbol.asyncIterator]();
  expect((await pages.next()).value).toHaveLength(1);
  grants.pop();
  await expect(pages.next()).rejects.toMatchObject({ code: 'access_denied' });
  await expect(limited.head({ bucket: 'shared', key: 'team/a' })).rejects.toMatchObject({ code: 'access_denied' });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareKeys } from './key-order.ts';
import { type ObjectEntry, StorageError, type StorageErrorCode, type StorageUnit } from './port.ts';

/** Buckets for a storage unit under test, each with its objects by key. */
export type BucketContents = Record<string, Record<string, string | Uint8Array>>;

/**
 * Tests that every driver of {@link StorageUnit} must pass, except for ranges: see `rangedReadConformance`. `open`
 * creates a storage unit that has only these buckets.
 */
export function storageConformance(
  name: string,
  open: (buckets: BucketContents) => Promise<StorageUnit & AsyncDisposable>,
): void {
  describe(`${name} as a storage unit`, () => {
    test('lists objects with size and time, sorted by the UTF-8 bytes of their keys', async () => {
      const keys = ['a-b', 'a/b', 'a/b-c/d', 'a/b.c', 'a0', 'a/\u{1F600}', 'a/\uFF5E', 'Ä/ü', 'Z', 'a/c/d'];
      await using unit = await open({ bucket: Object.fromEntries(keys.map((key) => [key, key])) });
      const entries = await listAll(unit, 'bucket');
      expect(entries.map((entry) => entry.key)).toEqual(keys.toSorted(compareKeys));
      for (const entry of entries) {
        expect(entry.size).toBe(Buffer.byteLength(entry.key));
        expect(entry.archived).toBe(false);
        expect(Number.isInteger(entry.modifiedAtMs)).toBe(true);
        expect(entry.modifiedAtMs).toBeGreaterThan(Date.parse('2020-01-01'));
      }
    });

    test('lists the keys that start with the prefix, even if it ends within a name', async () => {
      const keys = ['ab/c', 'ab/cd/e', 'ab/cd/f', 'ab/d', 'abc/d', 'b/ab'];
      await using unit = await open({ bucket: Object.fromEntries(keys.map((key) => [key, ''])) });
      for (const prefix of [
        '',
        'a',
        'ab',
        'ab/',
        'ab/c',
        'ab/cd/',
        'ab/cd/e',
        'ab/cd/e/',
        'abc',
        'c',
        'ab//',
        '/',
        '../',
      ]) {
        const listed = (await listAll(unit, 'bucket', prefix)).map((entry) => entry.key);
        expect(listed, `prefix "${prefix}"`).toEqual(keys.filter((key) => key.startsWith(prefix)));
      }
    });

    test('lists the right keys for any keys and any prefix', async () => {
      const segment = fc.string({
        unit: fc.constantFrom('a', 'b', '-', '0', 'é', '\u{1F600}'),
        minLength: 1,
        maxLength: 2,
      });
      const key = fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => segments.join('/'));
      await fc.assert(
        fc.asyncProperty(fc.uniqueArray(key, { maxLength: 6 }), key, async (drawn, prefix) => {
          // A directory cannot have both an object and others below it.
          const keys = drawn.filter((one) => !drawn.some((other) => other.startsWith(`${one}/`)));
          await using unit = await open({ bucket: Object.fromEntries(keys.map((each) => [each, ''])) });
          const listed = (await listAll(unit, 'bucket', prefix)).map((entry) => entry.key);
          expect(listed).toEqual(keys.filter((each) => each.startsWith(prefix)).toSorted(compareKeys));
        }),
        { numRuns: 20 },
      );
    });

    test('lists only the keys after a key, whether an object has that key or not', async () => {
      const keys = ['a-b', 'a.b', 'a/b-c/d', 'a/b/c', 'a/b/d/e', 'a/c', 'a0', 'b', 'Ä/ü', '\u{1F600}'].toSorted(
        compareKeys,
      );
      await using unit = await open({ bucket: Object.fromEntries(keys.map((key) => [key, ''])) });
      for (const prefix of ['', 'a', 'a/', 'a/b']) {
        for (const after of ['', ...keys, 'a/', 'a/b', 'a/b/', 'a/b/c/x', 'a/b/d', 'a/bb', 'zz', 'é', '\u{1F601}']) {
          const listed = (await collect(unit.list({ bucket: 'bucket', prefix, after }))).flat().map(({ key }) => key);
          const expected = keys.filter((key) => key.startsWith(prefix) && compareKeys(key, after) > 0);
          expect(listed, `prefix "${prefix}" after "${after}"`).toEqual(expected);
        }
      }
    });

    test('lists the folders directly below a prefix', async () => {
      const keys = [
        'a-b/c',
        'a/b',
        'a/b-c/d',
        'a/c/d',
        'a/c/e/f',
        'ab/c',
        'b',
        'c/\u{1F600}/x',
        'c/\uFF5E/x',
        'é ü/a+b',
      ];
      await using unit = await open({ bucket: Object.fromEntries(keys.map((key) => [key, ''])) });
      for (const prefix of ['', 'a', 'a/', 'a/b', 'a/c/', 'a/c/e/f', 'b', 'c/', 'd', 'é', '/']) {
        const listed = (await collect(unit.listFolders({ bucket: 'bucket', prefix }))).flat();
        const folders = keys
          .filter((key) => key.startsWith(prefix) && key.includes('/', prefix.length))
          .map((key) => key.slice(0, key.indexOf('/', prefix.length) + 1));
        expect(listed, `prefix "${prefix}"`).toEqual([...new Set(folders)].toSorted(compareKeys));
      }
      await expectCode('bucket_not_found', collect(unit.listFolders({ bucket: 'another', prefix: '' })));
      await expectCode('access_denied', collect(unit.listFolders({ bucket: '..', prefix: '' })));
    });

    test('lists more than one page of folders, each folder once', async () => {
      const folders = Array.from({ length: 1003 }, (_, index) => `a/${String(index).padStart(5, '0')}/`);
      await using unit = await open({ bucket: Object.fromEntries(folders.map((folder) => [`${folder}x`, ''])) });
      const pages = await collect(unit.listFolders({ bucket: 'bucket', prefix: 'a/' }));
      expect(pages.length).toBe(2);
      expect(pages.flat()).toEqual(folders);
    });

    test('lists more than one page of objects, each object once', async () => {
      const keys = Array.from({ length: 1003 }, (_, index) => `a/${String(index).padStart(5, '0')}`);
      await using unit = await open({ bucket: Object.fromEntries(keys.map((key) => [key, ''])) });
      const pages = await collect(unit.list({ bucket: 'bucket', prefix: 'a/' }));
      expect(pages.length).toBe(2);
      expect(pages.flat().map((entry) => entry.key)).toEqual(keys);
    });

    test('an empty bucket is listed as one empty page', async () => {
      await using unit = await open({ bucket: {} });
      expect(await collect(unit.list({ bucket: 'bucket', prefix: '' }))).toEqual([[]]);
    });

    test('a bucket that does not exist is an error, never empty', async () => {
      await using unit = await open({ bucket: { a: 'b' } });
      await expectCode('bucket_not_found', listAll(unit, 'another'));
      await expectCode('bucket_not_found', unit.get({ bucket: 'another', key: 'a' }));
      await expectCode('bucket_not_found', unit.head({ bucket: 'another', key: 'a' }));
    });

    test('reads the bytes that were stored', async () => {
      const large = Uint8Array.from({ length: 1_000_000 }, (_, index) => (index * 7919) >> 3);
      await using unit = await open({ bucket: { 'a/large': large, empty: '' } });
      const content = await unit.get({ bucket: 'bucket', key: 'a/large' });
      expect(content.size).toBe(large.length);
      expect(Buffer.compare(await readAll(content.body), large)).toBe(0);

      const empty = await unit.get({ bucket: 'bucket', key: 'empty' });
      expect(empty.size).toBe(0);
      expect((await readAll(empty.body)).length).toBe(0);
    });

    test('listing, get and head agree about an object', async () => {
      await using unit = await open({ bucket: { 'a/b': 'hello' } });
      const [entry] = await listAll(unit, 'bucket');
      const { body, ...content } = await unit.get({ bucket: 'bucket', key: 'a/b' });
      await readAll(body);
      const { encryptedByKey, ...head } = await unit.head({ bucket: 'bucket', key: 'a/b' });
      expect(encryptedByKey).toBe(false);
      expect(content).toEqual(head);
      expect(entry?.size).toBe(5);
      expect(entry?.etag).toBe(head.etag);
      // HTTP dates have whole seconds.
      expect(Math.trunc((entry?.modifiedAtMs ?? 0) / 1000)).toBe(Math.trunc(head.modifiedAtMs / 1000));
    });

    test('accepts keys with any characters', async () => {
      const keys = [
        'x y+z%20',
        'a&b=c;d',
        '<x>"\'',
        'é/ü ñ',
        '?query#fragment',
        '100%',
        "it's (a) *star*!",
        'az_a:b@c,d',
      ];
      await using unit = await open({ bucket: Object.fromEntries(keys.map((key) => [key, key])) });
      expect((await listAll(unit, 'bucket')).map((entry) => entry.key)).toEqual(keys.toSorted(compareKeys));
      for (const key of keys) {
        expect((await readAll((await unit.get({ bucket: 'bucket', key })).body)).toString()).toBe(key);
        expect(await listAll(unit, 'bucket', key)).toHaveLength(1);
      }
    });

    test('a missing object and a missing bucket have different codes', async () => {
      await using unit = await open({ bucket: { 'a/b': '' } });
      for (const key of ['a', 'a/b/c', 'a/bc', 'c']) {
        await expectCode('object_not_found', unit.get({ bucket: 'bucket', key }));
        await expectCode('object_not_found', unit.head({ bucket: 'bucket', key }));
      }
    });

    test('refuses keys and buckets that could lead elsewhere', async () => {
      await using unit = await open({ bucket: { a: '' }, other: { secret: '' } });
      for (const key of [
        '../other/secret',
        'a/../../other/secret',
        './a',
        'a//b',
        '/a',
        'a/',
        '',
        'a\\b',
        'a\0b',
        '\uD800',
      ]) {
        await expectCode('access_denied', unit.get({ bucket: 'bucket', key }));
        await expectCode('access_denied', unit.head({ bucket: 'bucket', key }));
      }
      for (const bucket of ['.', '..', '', 'bucket/../other', '/', 'bucket\0', '..\\other']) {
        await expectCode('access_denied', unit.get({ bucket, key: 'secret' }));
        await expectCode('access_denied', listAll(unit, bucket));
      }
    });

    test('a body that is left early releases its connection or file', async () => {
      await using unit = await open({ bucket: { large: new Uint8Array(2_000_000) } });
      for (let round = 0; round < 60; round += 1) {
        const content = await unit.get({ bucket: 'bucket', key: 'large' });
        for await (const chunk of content.body) {
          expect(chunk.length).toBeGreaterThan(0);
          break;
        }
      }
      const content = await unit.get({ bucket: 'bucket', key: 'large' });
      expect((await readAll(content.body)).length).toBe(2_000_000);
    });

    test('throws the reason of the signal when it is aborted', async () => {
      await using unit = await open({ bucket: { a: new Uint8Array(2_000_000) } });
      const reason = new Error('stopped by the test');
      const signal = AbortSignal.abort(reason);
      await expect(collect(unit.list({ bucket: 'bucket', prefix: '', signal }))).rejects.toBe(reason);
      await expect(collect(unit.listFolders({ bucket: 'bucket', prefix: '', signal }))).rejects.toBe(reason);
      await expect(unit.get({ bucket: 'bucket', key: 'a', signal })).rejects.toBe(reason);
      await expect(unit.head({ bucket: 'bucket', key: 'a', signal })).rejects.toBe(reason);

      const controller = new AbortController();
      const content = await unit.get({ bucket: 'bucket', key: 'a', signal: controller.signal });
      const reading = (async () => {
        for await (const chunk of content.body) if (chunk.length > 0) controller.abort(reason);
      })();
      await expect(reading).rejects.toBe(reason);
    });
  });
}

/** All entries of a listing. */
export async function listAll(unit: StorageUnit, bucket: string, prefix = ''): Promise<readonly ObjectEntry[]> {
  return (await collect(unit.list({ bucket, prefix }))).flat();
}

/** Everything that an iteration yields. */
export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

/** All bytes of a body. */
export async function readAll(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await collect(body));
}

/** Expects the promise to reject with a {@link StorageError} of this code, and returns the error. */
export async function expectCode(code: StorageErrorCode, promise: Promise<unknown>): Promise<StorageError> {
  const outcome = await promise.catch((error: unknown) => error);
  if (!(outcome instanceof StorageError)) throw new Error(`expected ${code}, got ${String(outcome)}`);
  expect(outcome.code).toBe(code);
  return outcome;
}

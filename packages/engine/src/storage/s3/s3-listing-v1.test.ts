import type { RequestListener } from 'node:http';
import { expect, test } from 'vitest';
import { errorXml, startHttpServer, v1ListBucketResult } from '../../testing/s3-test-server.ts';
import { compareKeys } from '../key-order.ts';
import { collect, expectCode, listAll } from '../storage-conformance.ts';
import { openS3StorageUnit } from './s3-storage-unit.ts';

const keys = ['a', 'b c/1', 'b c/2', 'b c/3', 'd+e', 'f/1', 'g/1', 'h', 'ü/1', '\u{1F600}'];

type Habit = {
  /** Its answer to ListObjectsV2: a refusal, or the answer to ListObjects, because it reads only those parameters. */
  readonly v2: 'refused' | 'read as ListObjects';
  readonly sendsNextMarker: boolean;
  readonly encodes: boolean;
  /** Whether it lists a folder again if its name is the marker. */
  readonly repeatsFolder: boolean;
};

/** A service that supports only ListObjects, in pages of two. */
async function openOnV1(habit: Habit) {
  const asked: URLSearchParams[] = [];
  const notices: string[] = [];
  const answer: RequestListener = (request, response) => {
    const query = new URL(request.url ?? '/', 'http://localhost').searchParams;
    asked.push(query);
    if (query.get('list-type') === '2' && habit.v2 === 'refused') {
      response.writeHead(501).end(errorXml('NotImplemented'));
    } else response.end(pageOf(query, habit));
  };
  const server = await startHttpServer(answer);
  const unit = await openS3StorageUnit({ id: 's3', ...server.options, onNotice: (text) => notices.push(text) });
  return {
    unit,
    asked,
    notices,
    async [Symbol.asyncDispose]() {
      await unit[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

function pageOf(query: URLSearchParams, { sendsNextMarker, encodes, repeatsFolder }: Habit): string {
  const prefix = query.get('prefix') ?? '';
  const marker = query.get('marker') ?? '';
  const delimiter = query.get('delimiter');
  const names = new Set<string>();
  for (const key of keys) {
    if (!key.startsWith(prefix) || compareKeys(key, marker) <= 0) continue;
    const end = delimiter === null ? -1 : key.indexOf(delimiter, prefix.length);
    const name = end === -1 ? key : key.slice(0, end + 1);
    if (name !== marker || repeatsFolder) names.add(name);
  }
  const page = [...names].slice(0, 2);
  const next = names.size > page.length ? page.at(-1) : undefined;
  return v1ListBucketResult({
    keys: page.filter((name) => delimiter === null || !name.endsWith('/')),
    folders: page.filter((name) => delimiter !== null && name.endsWith('/')),
    truncated: next !== undefined,
    ...(sendsNextMarker && next !== undefined && { nextMarker: next }),
    encodes,
  });
}

const usual: Habit = { v2: 'refused', sendsNextMarker: false, encodes: true, repeatsFolder: false };

test.each<[string, Partial<Habit>]>([
  ['refuses ListObjectsV2 and names no next marker', {}],
  ['refuses ListObjectsV2 and names the next marker', { sendsNextMarker: true }],
  ['takes ListObjectsV2 for ListObjects', { v2: 'read as ListObjects' }],
  [
    'takes ListObjectsV2 for ListObjects and names the next marker',
    { v2: 'read as ListObjects', sendsNextMarker: true },
  ],
  ['does not encode keys', { encodes: false, sendsNextMarker: true }],
  ['repeats a folder that is the marker', { repeatsFolder: true }],
])('lists everything exactly once from a service that %s', async (_, habit) => {
  await using served = await openOnV1({ ...usual, ...habit });
  const { unit } = served;
  expect((await listAll(unit, 'bucket')).map(({ key }) => key)).toEqual(keys);
  expect((await listAll(unit, 'bucket', 'b c/')).map(({ key }) => key)).toEqual(['b c/1', 'b c/2', 'b c/3']);
  const after = await collect(unit.list({ bucket: 'bucket', prefix: '', after: 'd+e' }));
  expect(after.flat().map(({ key }) => key)).toEqual(['f/1', 'g/1', 'h', 'ü/1', '\u{1F600}']);
  const folders = await collect(unit.listFolders({ bucket: 'bucket', prefix: '' }));
  expect(folders.flat()).toEqual(['b c/', 'f/', 'g/', 'ü/']);
  expect(served.notices).toEqual(['Bucket "bucket" does not support ListObjectsV2. ListObjects is used instead.']);
});

test('asks again with ListObjects if the service ignores the start key of ListObjectsV2', async () => {
  await using served = await openOnV1({ ...usual, v2: 'read as ListObjects' });
  const pages = await collect(served.unit.list({ bucket: 'bucket', prefix: '', after: 'h' }));
  expect(pages.flat().map(({ key }) => key)).toEqual(['ü/1', '\u{1F600}']);
});

test('remembers for each bucket that ListObjectsV2 is not supported', async () => {
  await using served = await openOnV1(usual);
  await listAll(served.unit, 'bucket', 'f/');
  await listAll(served.unit, 'bucket', 'g/');
  await listAll(served.unit, 'other', 'g/');
  const versions = served.asked.map((query) => (query.get('list-type') === '2' ? 'v2' : 'v1'));
  expect(versions).toEqual(['v2', 'v1', 'v1', 'v2', 'v1']);
});

test('says so if neither ListObjectsV2 nor ListObjects is supported', async () => {
  await using server = await startHttpServer((_, response) => response.writeHead(501).end(errorXml('NotImplemented')));
  await using unit = await openS3StorageUnit({ id: 's3', ...server.options });
  await expectCode('storage_not_implemented', listAll(unit, 'bucket'));
});

test.each([
  ['a page that repeats', v1ListBucketResult({ keys: ['a', 'b'], truncated: true })],
  ['an empty page that names no next marker', v1ListBucketResult({ keys: [], truncated: true })],
  [
    'an empty page whose next marker does not change',
    v1ListBucketResult({ keys: [], truncated: true, nextMarker: 'a' }),
  ],
])('refuses %s', async (_, answer) => {
  await using server = await startHttpServer((_request, response) => response.end(answer));
  await using unit = await openS3StorageUnit({ id: 's3', ...server.options });
  const error = await expectCode('unreachable', listAll(unit, 'bucket'));
  expect(error.message).toContain('cannot be trusted');
});

test('head uses ListObjects to find out whether the bucket or the object is missing', async () => {
  await using server = await startHttpServer((request, response) => {
    if (request.method === 'HEAD') response.writeHead(404).end();
    else if (request.url?.includes('list-type=2')) response.writeHead(501).end(errorXml('NotImplemented'));
    else response.end(v1ListBucketResult({ keys: [] }));
  });
  await using unit = await openS3StorageUnit({ id: 's3', ...server.options });
  await expectCode('object_not_found', unit.head({ bucket: 'bucket', key: 'a' }));
});

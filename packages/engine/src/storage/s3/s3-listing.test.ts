import { expect, test } from 'vitest';
import { listBucketResult, startHttpServer } from '../../testing/s3-test-server.ts';
import { collect, expectCode, listAll } from '../storage-conformance.ts';
import { openS3StorageUnit } from './s3-storage-unit.ts';

/** A storage unit on a service that answers LIST with these, and repeats the last one without limit. */
async function openOnAnswers(...answers: readonly string[]) {
  let next = 0;
  const server = await startHttpServer((_, response) => {
    response.end(answers[Math.min(next, answers.length - 1)]);
    next += 1;
  });
  const unit = await openS3StorageUnit({ id: 's3', ...server.options });
  return {
    unit,
    async [Symbol.asyncDispose]() {
      await unit[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

test('continues after empty pages that are not the last', async () => {
  const first = listBucketResult({ entries: [], next: '1' });
  const second = listBucketResult({ entries: [{ key: 'a' }], next: '2' });
  await using served = await openOnAnswers(first, second, listBucketResult({ entries: [] }));
  expect((await listAll(served.unit, 'bucket')).map((entry) => entry.key)).toEqual(['a']);
});

test.each([
  ['a page that repeats', [listBucketResult({ entries: [{ key: 'a' }], next: '1' })]],
  [
    'a token that repeats',
    [
      listBucketResult({ entries: [{ key: 'a' }], next: '1' }),
      listBucketResult({ entries: [{ key: 'b' }], next: '1' }),
    ],
  ],
  ['keys out of order', [listBucketResult({ entries: [{ key: 'b' }, { key: 'a' }] })]],
  ['keys in the order of UTF-16', [listBucketResult({ entries: [{ key: '\u{1F600}' }, { key: '\uFF5E' }] })]],
  ['a key twice', [listBucketResult({ entries: [{ key: 'a' }, { key: 'a' }] })]],
  ['a page that is not the last but has no token', [listBucketResult({ entries: [{ key: 'a' }], truncated: true })]],
  ['an answer that is not a listing', ['<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>']],
])('refuses %s', async (_, answers) => {
  await using served = await openOnAnswers(...answers);
  const error = await expectCode('unreachable', listAll(served.unit, 'bucket'));
  expect(error.message).toContain('cannot be trusted');
});

const aFirst = listBucketResult({ entries: [{ key: 'a' }], next: '1' });

test.each([
  ['objects outside folders repeat', [aFirst, listBucketResult({ entries: [{ key: 'a' }], next: '2' })]],
  ['the token repeats', [aFirst, listBucketResult({ entries: [{ key: 'b' }], next: '1' })]],
  ['a folder occurs twice', [listBucketResult({ entries: [], folders: ['a/', 'a/'] })]],
  ['an object occurs twice', [listBucketResult({ entries: [{ key: 'a' }, { key: 'a' }], folders: ['b/'] })]],
])('refuses a listing of folders if %s', async (_, answers) => {
  await using served = await openOnAnswers(...answers);
  const error = await expectCode('unreachable', collect(served.unit.listFolders({ bucket: 'bucket', prefix: '' })));
  expect(error.message).toContain('cannot be trusted');
});

test('a listing of endless empty pages is refused', async () => {
  let pages = 0;
  await using server = await startHttpServer((_, response) => {
    pages += 1;
    response.end(listBucketResult({ entries: [], next: String(pages) }));
  });
  await using unit = await openS3StorageUnit({ id: 's3', ...server.options });
  await expectCode('unreachable', listAll(unit, 'bucket'));
  await expectCode('unreachable', collect(unit.listFolders({ bucket: 'bucket', prefix: '' })));
  expect(pages).toBe(2 * 101);
});

test('refuses keys that do not start with the prefix', async () => {
  await using served = await openOnAnswers(listBucketResult({ entries: [{ key: 'other/a' }] }));
  await expectCode('unreachable', listAll(served.unit, 'bucket', 'mine/'));
});

test('reads keys with characters that XML cannot carry', async () => {
  const keys = ['\u0001', 'a b', 'a%20b', 'a+b', 'é'];
  await using served = await openOnAnswers(listBucketResult({ entries: keys.map((key) => ({ key })) }));
  expect((await listAll(served.unit, 'bucket')).map((entry) => entry.key)).toEqual(keys);
});

test('leaves keys unchanged if the service does not encode them', async () => {
  const plain = listBucketResult({ entries: [{ key: 'plain' }] });
  const answer = plain.replace('<EncodingType>url</EncodingType>', '').replace('plain', 'a+b%20c');
  await using served = await openOnAnswers(answer);
  expect((await listAll(served.unit, 'bucket')).map((entry) => entry.key)).toEqual(['a+b%20c']);
});

test('reports which objects are in an archive class', async () => {
  const classes = ['ARCHIVE', 'COLD', 'DEEP_ARCHIVE', 'GLACIER', 'GLACIER_IR', 'STANDARD', 'STANDARD_IA', 'WARM'];
  const entries = classes.map((storageClass) => ({ key: storageClass, storageClass }));
  await using served = await openOnAnswers(listBucketResult({ entries }));
  const archived = (await listAll(served.unit, 'bucket')).filter((entry) => entry.archived);
  expect(archived.map((entry) => entry.key)).toEqual(['ARCHIVE', 'COLD', 'DEEP_ARCHIVE', 'GLACIER']);
});

test('a prefix that no key can have selects nothing', async () => {
  await using served = await openOnAnswers('not asked');
  expect(await listAll(served.unit, 'bucket', '\uD800')).toEqual([]);
  expect(await listAll(served.unit, 'bucket', 'a'.repeat(1025))).toEqual([]);
});

test('a service that ignores where a listing starts is refused with a code of its own', async () => {
  await using served = await openOnAnswers(listBucketResult({ entries: [{ key: 'a' }, { key: 'b' }] }));
  const after = (key: string) => collect(served.unit.list({ bucket: 'bucket', prefix: '', after: key }));
  await expectCode('start_ignored', after('a'));
  await expectCode('start_ignored', after('c'));
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { listBucketResult, startHttpServer } from '../../testing/s3-test-server.ts';
import { compareKeys } from '../key-order.ts';
import { listAll } from '../storage-conformance.ts';
import { readListedObjects } from './s3-listed-objects.ts';
import { openS3StorageUnit } from './s3-storage-unit.ts';

const owner = '<Owner><ID>1</ID><DisplayName/></Owner>';
const modifiedAt = '<LastModified>2026-03-01T02:00:00.000Z</LastModified>';
const rest = '<ETag>&quot;e&quot;</ETag><Size>7</Size><StorageClass>GLACIER</StorageClass>';
const usual = `<Contents><Key>a</Key>${modifiedAt}${rest}</Contents>`;
const object = { key: 'a', size: 7, etag: 'e', modifiedAtMs: Date.UTC(2026, 2, 1, 2), archived: true };

/** A listing with these elements, which has no object otherwise. */
function answerWith(contents: string): string {
  return listBucketResult({ entries: [] }).replace('</ListBucketResult>', `${contents}</ListBucketResult>`);
}

test.each([
  ['the usual elements', usual, object],
  ['line breaks and spaces', usual.replaceAll('><', '>\n\t <'), object],
  ['an owner with elements of its own', usual.replace('<Size>', `${owner}<Size>`), object],
  ['elements that nobody knows', usual.replace('<Size>', '<Colour>red</Colour><Size>'), object],
  ['an ETag in numeric entities', usual.replaceAll('&quot;', '&#34;'), object],
  ['an ETag in plain quotes', usual.replaceAll('&quot;', '"'), object],
  ['an ETag without quotes', usual.replaceAll('&quot;', ''), object],
  ['no ETag', usual.replace('<ETag>&quot;e&quot;</ETag>', ''), { ...object, etag: null }],
  ['an empty ETag', usual.replace('&quot;e&quot;', ''), { ...object, etag: null }],
  ['a time of whole seconds', usual.replace('.000Z', 'Z'), object],
  ['an encoded key', usual.replace('>a<', '>a+%C3%BC%2Bb<'), { ...object, key: 'a ü+b' }],
])('reads %s without the SDK', (_, contents, expected) => {
  const answer = answerWith(contents);
  const listed = readListedObjects(Buffer.from(answer));
  expect(listed?.objects).toEqual([expected]);
  expect(Buffer.from(listed?.rest ?? []).toString()).toBe(answerWith(''));
});

test.each([
  ['windows line breaks', usual.replaceAll('><', '>\r\n<'), object],
  ['a comment', usual.replace('<Size>', '<!-- <Size>9</Size> --><Size>'), object],
  [
    'text in CDATA',
    usual.replace('>a<', '><![CDATA[a</Key><Size>9</Size>]]><'),
    { ...object, key: 'a</Key><Size>9</Size>' },
  ],
  ['an attribute', usual.replace('<Size>', '<Size unit="byte">'), object],
  ['an entity in a key', usual.replace('>a<', '>a&amp;b<'), { ...object, key: 'a&b' }],
  ['a key outside ASCII', usual.replace('>a<', '>ü<'), { ...object, key: 'ü' }],
  [
    'an owner with an attribute',
    usual.replace('<Size>', `${owner.replace('<Owner>', '<Owner kind="user">')}<Size>`),
    object,
  ],
  ['a time in microseconds', usual.replace('.000Z', '.000400Z'), object],
  ['a size twice', usual.replace('<Size>', '<Size>9</Size><Size>'), null],
  ['no size', usual.replace('<Size>7</Size>', ''), null],
  ['an empty key', usual.replace('>a<', '><'), null],
])('leaves %s to the SDK', async (_, contents, expected) => {
  const answer = answerWith(contents);
  expect(readListedObjects(Buffer.from(answer))).toBeNull();
  await using server = await startHttpServer((_request, response) => response.end(answer));
  await using unit = await openS3StorageUnit({ id: 's3', ...server.options });
  const listed = listAll(unit, 'bucket');
  if (expected === null) await expect(listed).rejects.toMatchObject({ code: 'unreachable' });
  else expect(await listed).toEqual([expected]);
});

test('reads any keys, sizes and ETags as they are', () => {
  const entry = fc.record({
    key: fc.string({ unit: 'binary', minLength: 1 }).filter((key) => key.isWellFormed()),
    size: fc.nat({ max: 2 ** 48 }),
    etag: fc.stringMatching(/^[0-9a-f-]{1,40}$/),
  });
  fc.assert(
    fc.property(fc.uniqueArray(entry, { selector: ({ key }) => key, maxLength: 5 }), (drawn) => {
      const entries = drawn.toSorted((one, other) => compareKeys(one.key, other.key));
      const listed = readListedObjects(Buffer.from(listBucketResult({ entries })));
      expect(listed?.objects.map(({ key, size, etag }) => ({ key, size, etag }))).toEqual(entries);
    }),
    { numRuns: 30 },
  );
});

test('an answer that ends in the middle of an object is not a listing', () => {
  const answer = answerWith(usual + usual);
  expect(readListedObjects(Buffer.from(answer.slice(0, answer.lastIndexOf('</Contents>'))))).toBeNull();
});

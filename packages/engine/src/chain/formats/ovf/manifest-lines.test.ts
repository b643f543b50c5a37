import { expect, test } from 'vitest';
import { readManifestLines } from './manifest-lines.ts';

const sha1 = 'a'.repeat(40);
const sha256 = 'b'.repeat(64);

const read = (text: string) => readManifestLines(Buffer.from(text));

test.each([
  ['as ovftool writes it', `SHA1(d.vmdk)= ${sha1}\n`],
  ['with blanks', ` SHA1 ( d.vmdk ) =  ${sha1}  \n\n\n`],
  ['with the ends of lines of Windows', `SHA1(d.vmdk)= ${sha1}\r\n\r\n`],
  ['in other cases', `sha1(d.vmdk)=${sha1.toUpperCase()}`],
  ['with the same line twice', `SHA1(d.vmdk)= ${sha1}\nSHA1(d.vmdk)= ${sha1}\n`],
])('a manifest is read: %s', (_, text) => {
  const reading = read(text);
  const hex = expect.stringMatching(/^a+$/i);
  expect(reading).toMatchObject({ kind: 'read', digests: new Map([['d.vmdk', { algorithm: 'sha1', hex }]]) });
});

test('the longer of two digests of a file counts, and names may have brackets', () => {
  const digests = new Map([['d (1).vmdk', { algorithm: 'sha256', hex: sha256 }]]);
  expect(read(`SHA256(d (1).vmdk)= ${sha256}\nSHA1(d (1).vmdk)= ${sha1}`)).toMatchObject({ digests });
});

test('a digest of an algorithm that is not known is not compared', () => {
  expect(read('SHA384(d.vmdk)= 00ff')).toMatchObject({ digests: new Map(), unknown: new Set(['d.vmdk']) });
});

test.each([
  ['a digest that is too short', `SHA1(d.vmdk)= ${sha1.slice(1)}`, 'line 1: a digest of sha1 must have 40 digits'],
  ['a digest of another algorithm', `SHA1(d.vmdk)= ${sha256}`, 'not 64'],
  ['no hex digits', `SHA1(a)= ${sha1}\nSHA1(d.vmdk)= ${'g'.repeat(40)}`, 'line 2'],
  ['another text', '<html>', 'is not the digest of a file'],
  ['no name', `SHA1()= ${sha1}`, 'line 1'],
  ['two digests of a file', `SHA1(d)= ${sha1}\nSHA1(d)= ${'c'.repeat(40)}`, 'two different digests'],
  ['a long line', `SHA1(${'('.repeat(100_000)}`, 'line 1'],
])('a manifest is refused: %s', (_, text, detail) => {
  expect(read(text)).toEqual({ kind: 'unreadable', detail: expect.stringContaining(detail) });
});

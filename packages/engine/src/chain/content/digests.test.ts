import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { compressFrameSync } from 'lz4-napi';
import { expect, test } from 'vitest';
import { openFilesystemStorageUnit } from '../../storage/filesystem/filesystem-storage-unit.ts';
import { makeTestBuckets } from '../../testing/test-buckets.ts';
import type { Compression, Digest, LinkData, StoredObject } from '../data.ts';
import { BlockHasher } from './block-hasher.ts';
import { proveContent } from './prove-content.ts';

const plain = Buffer.from('plain bytes that repeat, '.repeat(500));
const zerosBz2 = Buffer.from('QlpoOTFBWSZTWdjs3f4BMl9ACMAAABAACCAAMMwJqmmgSlFbUBKUV4u5IpwoSGx2bv8A', 'base64');

function digestOf(algorithm: Digest['algorithm'], bytes: Uint8Array, digits?: number): Digest {
  return { algorithm, hex: createHash(algorithm).update(bytes).digest('hex').slice(0, digits) };
}

/** Proves one object of a format without block hashes. */
async function proveOne(
  stored: Uint8Array,
  compression: Compression,
  digests: Pick<StoredObject, 'plainDigest' | 'storedDigest'>,
  length = plain.length,
) {
  await using buckets = await makeTestBuckets();
  await buckets.put('bucket', [['object', stored]]);
  await using storage = await openFilesystemStorageUnit({ id: 'here', directory: buckets.directory });
  const object = { key: 'object', storedBytes: stored.length, etag: null, offset: 0, length, compression, ...digests };
  const link: LinkData = {
    backupId: 'backup',
    location: { storageUnitId: 'here', bucketName: 'bucket', imagePath: 'object' },
    async *objects() {
      yield [object];
    },
    blocks: null,
    volumeBytes: length,
  };
  const { fault } = await proveContent(link, { storage, threads: null, signal: new AbortController().signal });
  return fault?.code ?? null;
}

test('digests of plain and of stored bytes are both compared if the format has them', async () => {
  const stored = compressFrameSync(plain);
  const [right, wrong] = [digestOf('sha256', plain), digestOf('sha256', stored)];
  const [rightStored, wrongStored] = [digestOf('md5', stored), digestOf('md5', plain)];
  for (const plainDigest of [right, null]) {
    for (const storedDigest of [rightStored, null]) {
      expect(await proveOne(stored, 'lz4', { plainDigest, storedDigest })).toBeNull();
    }
  }
  expect(await proveOne(stored, 'lz4', { plainDigest: wrong, storedDigest: rightStored })).toBe('content_mismatch');
  expect(await proveOne(stored, 'lz4', { plainDigest: right, storedDigest: wrongStored })).toBe('content_mismatch');
});

test('a truncated digest is compared as far as it goes, in upper or lower case', async () => {
  const { algorithm, hex } = digestOf('sha512', plain, 64);
  const stored = gzipSync(plain);
  for (const kept of [hex, hex.toUpperCase()]) {
    expect(await proveOne(stored, 'gzip', { plainDigest: { algorithm, hex: kept }, storedDigest: null })).toBeNull();
  }
  const other = `${hex.slice(0, -1)}${hex.endsWith('0') ? '1' : '0'}`;
  const wrong = { plainDigest: { algorithm, hex: other }, storedDigest: null };
  expect(await proveOne(stored, 'gzip', wrong)).toBe('content_mismatch');
});

test('a digest given for both must match the plain or the stored bytes', async () => {
  const stored = gzipSync(plain);
  for (const bytes of [plain, stored]) {
    const digest = digestOf('md5', bytes);
    expect(await proveOne(stored, 'gzip', { plainDigest: digest, storedDigest: digest })).toBeNull();
  }
  const neither = digestOf('md5', Buffer.from('neither'));
  const digests = { plainDigest: neither, storedDigest: neither };
  expect(await proveOne(stored, 'gzip', digests)).toBe('content_mismatch');
  expect(await proveOne(plain, 'none', digests)).toBe('content_mismatch');
});

test('a decompression bomb is a mismatch', async () => {
  const digests = { plainDigest: null, storedDigest: null };
  expect(await proveOne(zerosBz2, 'bz2', digests, 40_000_000)).toBeNull();
  expect(await proveOne(zerosBz2, 'bz2', digests, 5000)).toBe('content_mismatch');
  expect(await proveOne(gzipSync(new Uint8Array(40_000_000)), 'gzip', digests, 5000)).toBe('content_mismatch');
});

test('block hashes do not depend on how the bytes are split into pieces', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 50 }),
      (bytes, blockBytes, pieceBytes) => {
        const expected: string[] = [];
        for (let at = 0; at < bytes.length; at += blockBytes) {
          expected.push(digestOf('sha256', bytes.subarray(at, at + blockBytes)).hex);
        }
        const seen: string[] = [];
        const hasher = new BlockHasher(blockBytes, (sha256) => seen.push(Buffer.from(sha256).toString('hex')));
        for (let at = 0; at < bytes.length; at += pieceBytes) hasher.add(bytes.subarray(at, at + pieceBytes));
        hasher.finish();
        expect(seen).toEqual(expected);
      },
    ),
  );
});

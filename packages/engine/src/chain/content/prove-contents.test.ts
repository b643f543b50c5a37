import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { openFilesystemStorageUnit } from '../../storage/filesystem/filesystem-storage-unit.ts';
import type { StorageUnit } from '../../storage/port.ts';
import { injectFault } from '../../testing/faulty-storage-unit.ts';
import { openMemoryStorageUnit } from '../../testing/memory-storage-unit.ts';
import { seededBytes } from '../../testing/seeded-bytes.ts';
import { makeTestBuckets } from '../../testing/test-buckets.ts';
import type { ContentLink, Digest, StoredContent } from '../data.ts';
import { proveContent } from './prove-content.ts';

const bucketName = 'backups';
const signal = new AbortController().signal;

const plain = seededBytes('plain', 5000);
const packed = seededBytes('packed', 3000);

function sha(algorithm: Digest['algorithm'], bytes: Uint8Array): Digest {
  return { algorithm, hex: createHash(algorithm).update(bytes).digest('hex') };
}

/** A whole object, a part of another, and a compressed one with the digest of its plain bytes. */
function freshObjects(): Map<string, Uint8Array> {
  return new Map<string, Uint8Array>([
    ['a', plain],
    ['b', seededBytes('b', 4096)],
    ['c', gzipSync(packed)],
  ]);
}

async function contentsIn(unit: StorageUnit): Promise<ContentLink> {
  const [a, b, c] = (await Array.fromAsync(unit.list({ bucket: bucketName, prefix: '' }))).flat();
  if (a === undefined || b === undefined || c === undefined) throw new Error('there are three objects');
  const undigested = { compression: 'none', plainDigest: null, storedDigest: null } as const;
  const part = { start: 1000, objectBytes: b.size, modifiedAtMs: b.modifiedAtMs };
  const bytesOfPart = (freshObjects().get('b') ?? plain).subarray(1000, 3000);
  const contents: StoredContent[] = [
    { ...undigested, key: 'a', storedBytes: a.size, etag: a.etag, length: 5000, storedDigest: sha('sha512', plain) },
    {
      ...undigested,
      key: 'b',
      storedBytes: 2000,
      etag: b.etag,
      part,
      length: 2000,
      storedDigest: sha('sha1', bytesOfPart),
    },
    {
      ...undigested,
      key: 'c',
      storedBytes: c.size,
      etag: c.etag,
      length: 3000,
      compression: 'gzip',
      plainDigest: sha('sha256', packed),
    },
  ];
  return {
    backupId: 'one',
    location: { storageUnitId: unit.id, bucketName, imagePath: '' },
    async *objects() {
      yield contents;
    },
    blocks: null,
    volumeBytes: null,
  };
}

const prove = async (storage: StorageUnit, startAfter = 0) =>
  await proveContent(await contentsIn(storage), { storage, threads: null, signal, startAfter });

const units = {
  'of a service with ETags': async (objects: Map<string, Uint8Array>) => ({
    unit: openMemoryStorageUnit(new Map([[bucketName, objects]])),
    async [Symbol.asyncDispose]() {},
  }),
  'of a directory': async (objects: Map<string, Uint8Array>) => {
    const buckets = await makeTestBuckets();
    await buckets.put(bucketName, objects);
    const unit = await openFilesystemStorageUnit({ id: 'here', directory: buckets.directory });
    return { unit, [Symbol.asyncDispose]: () => buckets[Symbol.asyncDispose]() };
  },
};

describe.each(Object.entries(units))('contents with digests of their own, %s', (_, open) => {
  test('are proved, and only the bytes of a part are read', async () => {
    await using opened = await open(freshObjects());
    const packedBytes = freshObjects().get('c')?.length ?? 0;
    expect(await prove(opened.unit)).toEqual({
      ...{ provedObjects: 3, objects: 3, fault: null },
      ...{ storedBytes: 7000 + packedBytes, plainBytes: 10_000 },
    });
  });

  test.each([
    ['a', 0, 0, 'its stored bytes have SHA512'],
    ['b', 1000, 1, 'its stored bytes have SHA1'],
    ['b', 2999, 1, 'its stored bytes have SHA1'],
    ['c', 200, 2, 'c: '],
  ] as const)('a byte of %s that was flipped at %i is found, after %i contents', async (key, at, proved, problem) => {
    const objects = freshObjects();
    const bytes = Uint8Array.from(objects.get(key) ?? []);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    objects.set(key, bytes);
    await using opened = await open(objects);
    const proof = await prove(opened.unit);
    expect(proof).toMatchObject({ provedObjects: proved, fault: { code: 'content_mismatch' } });
    expect(proof.fault?.detail).toContain(problem);
  });

  test.each([999, 3000])('a byte outside the part, at %i, is of no concern', async (at) => {
    const objects = freshObjects();
    const bytes = Uint8Array.from(objects.get('b') ?? []);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    objects.set('b', bytes);
    await using opened = await open(objects);
    expect(await prove(opened.unit)).toMatchObject({ provedObjects: 3, fault: null });
  });
});

test('an interrupted proof continues after the contents that are proved', async () => {
  const { unit, log } = injectFault(openMemoryStorageUnit(new Map([[bucketName, freshObjects()]])), null, 4);
  const link = await contentsIn(unit);
  const before = log.reads;
  const proof = await proveContent(link, { storage: unit, threads: null, signal, startAfter: 2 });
  expect(proof).toMatchObject({ provedObjects: 3, objects: 1, plainBytes: 3000, fault: null });
  expect(log.reads - before).toBe(1);
});

test('an object that was replaced by another of the same size while it is read changes while it is read', async () => {
  const objects = freshObjects();
  const unit = openMemoryStorageUnit(new Map([[bucketName, objects]]));
  const link = await contentsIn(unit);
  objects.set('b', seededBytes('another', 4096));
  const { fault } = await proveContent(link, { storage: unit, threads: null, signal });
  expect(fault).toMatchObject({ code: 'changed_while_read', detail: expect.stringContaining('b') });
});

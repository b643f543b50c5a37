import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { openSqliteCatalogue } from '../catalogue/sqlite/open-sqlite-catalogue.ts';
import { proveContent } from '../chain/content/prove-content.ts';
import type { ContentLink, StoredContent } from '../chain/data.ts';
import { injectFault } from '../testing/faulty-storage-unit.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { seededBytes } from '../testing/seeded-bytes.ts';
import { TestClock } from '../testing/test-clock.ts';
import { openRememberedObjects } from './remembered-objects.ts';

const bucketName = 'backups';
const signal = new AbortController().signal;
const keys = ['a', 'b', 'c'];

const directory = mkdtempSync(join(tmpdir(), 'backup-sync-remembered-'));
let catalogue: Catalogue;
beforeAll(async () => {
  catalogue = await openSqliteCatalogue({ directory, inPlace: true });
});
afterAll(async () => {
  await catalogue[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

/** A bucket of three objects, and how often they are read when they are proved for a project. */
function openBucket(projectId: string, hasEtags = true) {
  const clock = new TestClock();
  const objects = new Map(keys.map((key) => [key, seededBytes(key, 1000)]));
  const digests = new Map([...objects].map(([key, bytes]) => [key, createHash('sha256').update(bytes).digest('hex')]));
  let writtenAtMs = 1_000;
  const { unit, log } = injectFault(openMemoryStorageUnit(new Map([[bucketName, objects]])), null, 4);
  const link: ContentLink = {
    backupId: 'one',
    location: { storageUnitId: unit.id, bucketName, imagePath: '' },
    async *objects() {
      for await (const page of unit.list({ bucket: bucketName, prefix: '' })) {
        yield page.map(
          ({ key, size, etag }): StoredContent => ({
            ...{ key, storedBytes: size, length: size, compression: 'none', plainDigest: null },
            ...(hasEtags ? { etag } : { etag: null, modifiedAtMs: writtenAtMs }),
            storedDigest: { algorithm: 'sha256', hex: digests.get(key) ?? '' },
          }),
        );
      }
    },
    blocks: null,
    volumeBytes: null,
  };
  /** Proves everything that was not proved after a time. Returns the number of objects that were read. */
  const prove = async (objectsReadAfterMs: number) => {
    const request = { level: 'content', readAfterMs: 0, objectsReadAfterMs };
    const services = { catalogue, world: { clock } };
    const provedObjects = openRememberedObjects({ services, operation: { projectId, request } });
    const { fault, storedBytes } = await proveContent(link, { storage: unit, threads: null, signal, provedObjects });
    return { read: storedBytes / 1000, fault: fault?.code ?? null };
  };
  const touch = () => {
    writtenAtMs += 1;
  };
  return { clock, objects, digests, log, prove, touch };
}

test('what was proved is not read again until it was proved too long ago', async () => {
  const { clock, prove } = openBucket('p1');
  const beginMs = clock.nowMs();
  expect(await prove(beginMs - 1)).toEqual({ read: 3, fault: null });
  clock.timeMs = beginMs + 1000;
  expect(await prove(beginMs - 1)).toEqual({ read: 0, fault: null });
  expect(await prove(beginMs)).toEqual({ read: 3, fault: null });
  expect(await prove(beginMs)).toEqual({ read: 0, fault: null });
});

test('an object with another ETag, or that must have another digest, is read again', async () => {
  const { clock, objects, digests, prove } = openBucket('p2');
  const beginMs = clock.nowMs();
  await prove(beginMs - 1);
  const changed = seededBytes('another', 1000);
  objects.set('b', changed);
  expect(await prove(beginMs - 1)).toEqual({ read: 0, fault: 'content_mismatch' });
  digests.set('b', createHash('sha256').update(changed).digest('hex'));
  expect(await prove(beginMs - 1)).toEqual({ read: 1, fault: null });
  digests.set('c', '0'.repeat(64));
  expect(await prove(beginMs - 1)).toEqual({ read: 0, fault: 'content_mismatch' });
});

test('a file without an ETag is recognised by its time', async () => {
  const { clock, prove, touch } = openBucket('p5', false);
  const beginMs = clock.nowMs();
  expect(await prove(beginMs - 1)).toEqual({ read: 3, fault: null });
  expect(await prove(beginMs - 1)).toEqual({ read: 0, fault: null });
  touch();
  expect(await prove(beginMs - 1)).toEqual({ read: 3, fault: null });
});

test('an object that was proved and is found wrong is not taken for proved any more', async () => {
  const { clock, objects, prove } = openBucket('p6', false);
  const beginMs = clock.nowMs();
  await prove(beginMs - 1);
  // Bit rot changes neither the time nor the size.
  objects.set('b', seededBytes('rotten', 1000));
  expect(await prove(beginMs - 1)).toEqual({ read: 0, fault: null });
  clock.timeMs = beginMs + 1000;
  expect(await prove(beginMs)).toMatchObject({ fault: 'content_mismatch' });
  expect(await prove(beginMs - 1)).toMatchObject({ fault: 'content_mismatch' });
});

test('another project remembers nothing of it', async () => {
  const { clock, prove } = openBucket('p3');
  expect(await prove(clock.nowMs() - 1)).toEqual({ read: 3, fault: null });
  expect(await openBucket('p4').prove(clock.nowMs() - 1)).toEqual({ read: 3, fault: null });
});

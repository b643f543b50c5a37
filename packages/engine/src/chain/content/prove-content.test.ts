import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StorageError } from '../../storage/port.ts';
import { alterStorage } from '../../testing/altered-storage.ts';
import { type StoredBackups, storeBackups, testBucket } from '../../testing/chain-data.ts';
import { type CinderBackupPlan, writeCinderBackup } from '../../testing/cinder-writer.ts';
import { asEarlyWriter } from '../../testing/early-cinder.ts';
import { seededBytes, seededUuid } from '../../testing/seeded-bytes.ts';
import { writeSmallChain } from '../../testing/small-chain.ts';
import type { LinkData } from '../data.ts';
import { StorageThreads } from '../threads/storage-threads.ts';
import type { ContentProgress } from './proof-tally.ts';
import { type ContentProofOptions, proveContent } from './prove-content.ts';

const chain = writeSmallChain('content', 16, [[0, 1, 9], [], [15]]);
const [full, increment, unchanged] = chain;
if (full === undefined || increment === undefined || unchanged === undefined) throw new Error('the chain has links');

function prove(stored: StoredBackups, link: LinkData, changes: Partial<ContentProofOptions> = {}) {
  const signal = new AbortController().signal;
  return proveContent(link, { storage: stored.storage, threads: null, signal, ...changes });
}

function openThreads({ storage, buckets }: StoredBackups): StorageThreads {
  return new StorageThreads({ id: 'here', specification: `file:${buckets.directory}` }, storage, 2);
}

const manyObjectsPlan: CinderBackupPlan = {
  volumeId: seededUuid('many/volume'),
  backupId: seededUuid('many/backup'),
  takenAtMs: Date.UTC(2026, 2, 1),
  volume: seededBytes('many', 400 * 512),
  objectBytes: 512,
  blockBytes: 512,
};

describe('whole content', () => {
  test('is proved in every link, with or without compression', async () => {
    for (const compression of ['none', 'zlib', 'gzip', 'zstd'] as const) {
      const plan = { ...full.plan, compression };
      const parent = writeCinderBackup(plan);
      const child = writeCinderBackup({ ...increment.plan, compression, parent });
      await using stored = await storeBackups([parent, child]);
      const { links } = await stored.open(child);
      expect(links.map(({ backupId, volumeBytes }) => [backupId, volumeBytes])).toEqual(
        [parent, child].map(({ plan }) => [plan.backupId, 16 * 512]),
      );
      const proofs = await Promise.all(links.map((link) => prove(stored, link)));
      expect(proofs[0]).toMatchObject({ fault: null, objects: 4, provedObjects: 4, plainBytes: 16 * 512 });
      expect(proofs[1]).toMatchObject({ fault: null, objects: 2, plainBytes: 3 * 512 });
    }
  });

  test('of an increment without changes has no objects', async () => {
    await using stored = await storeBackups(chain);
    expect(await prove(stored, await stored.openLink(unchanged))).toMatchObject({ fault: null, objects: 0 });
  });

  test('of an early writer is proved by the MD5 of the stored bytes, or of the plain ones', async () => {
    const old = writeCinderBackup({ ...full.plan, takenAtMs: Date.UTC(2014, 2, 1) });
    const early = asEarlyWriter(old);
    await using stored = await storeBackups([early]);
    const link = await stored.openLink(early);
    expect(link.blocks).toBeNull();
    expect(await prove(stored, link)).toMatchObject({ fault: null, objects: 4 });
    await using later = await storeBackups([old]);
    expect(await prove(later, await later.openLink(old))).toMatchObject({ fault: null, objects: 4 });

    const [key, bytes] = objectOf(early, 1);
    await stored.buckets.put(testBucket, [[key, flipped(bytes, 3)]]);
    expect(await prove(stored, link)).toMatchObject({ fault: { code: 'content_mismatch' } });
  });

  test('is proved in threads as well', async () => {
    const many = writeCinderBackup(manyObjectsPlan);
    await using stored = await storeBackups([many]);
    await using threads = openThreads(stored);
    const seen: ContentProgress[] = [];
    const onProgress = (progress: ContentProgress) => seen.push(progress);
    const proof = await prove(stored, await stored.openLink(many), { threads, onProgress });
    expect(proof).toMatchObject({ fault: null, objects: 400, provedObjects: 400, plainBytes: 400 * 512 });
    expect(seen.at(-1)).toMatchObject({ objects: 400, provedObjects: 400 });
    for (const { provedObjects, objects } of seen) expect(provedObjects).toBeLessThanOrEqual(objects);
  });

  test('is proved of several links in the same threads, which start for the first that has many objects', async () => {
    const many = writeCinderBackup(manyObjectsPlan);
    await using stored = await storeBackups([many, full]);
    const started: unknown[] = [];
    const note = (message: unknown) => void started.push(message);
    subscribe('worker_threads', note);
    try {
      await using threads = openThreads(stored);
      const counts: number[] = [];
      for (const backup of [full, many, full, many]) {
        expect(await prove(stored, await stored.openLink(backup), { threads })).toMatchObject({ fault: null });
        counts.push(started.length);
      }
      expect(counts).toEqual([0, 2, 2, 2]);
    } finally {
      unsubscribe('worker_threads', note);
    }
  });
});

function objectOf(backup: { readonly objects: ReadonlyMap<string, Uint8Array> }, place: number) {
  const entry = [...backup.objects][place];
  if (entry === undefined) throw new Error(`there is no object ${place}`);
  return entry;
}

function flipped(bytes: Uint8Array, at: number, by = 1): Uint8Array {
  const altered = Uint8Array.from(bytes);
  altered[at] = (altered[at] ?? 0) ^ by;
  return altered;
}

describe('damage', () => {
  test('every altered byte of an uncompressed object is detected', async () => {
    const small = writeCinderBackup({
      ...full.plan,
      volume: seededBytes('plain', 96),
      blockBytes: 32,
      objectBytes: 64,
      compression: 'none',
    });
    await using stored = await storeBackups([small]);
    const link = await stored.openLink(small);
    for (const place of [0, 1]) {
      const [key, bytes] = objectOf(small, place);
      for (let at = 0; at < bytes.length; at += 1) {
        await writeFile(join(stored.buckets.directory, testBucket, key), flipped(bytes, at, 1 + (at % 255)));
        const { fault } = await prove(stored, link);
        expect(fault).toMatchObject({ code: 'content_mismatch', detail: expect.stringContaining(key) });
      }
      await writeFile(join(stored.buckets.directory, testBucket, key), bytes);
    }
    expect(await prove(stored, link)).toMatchObject({ fault: null });
  });

  test('every altered byte of any object is detected, unless the plain bytes stay the same', async () => {
    await using stored = await storeBackups([full]);
    const link = await stored.openLink(full);
    const damage = fc.record({
      place: fc.nat(3),
      share: fc.double({ min: 0, max: 0.999, noNaN: true }),
      by: fc.integer({ min: 1, max: 255 }),
    });
    await fc.assert(
      fc.asyncProperty(damage, async ({ place, share, by }) => {
        const [key, bytes] = objectOf(full, place);
        const path = join(stored.buckets.directory, testBucket, key);
        const at = Math.floor(share * bytes.length);
        await writeFile(path, flipped(bytes, at, by));
        const { fault } = await prove(stored, link);
        await writeFile(path, bytes);
        // Some bits of a zlib stream do not affect the plain bytes, which then stay the same.
        if (fault === null) expect(inflateSync(flipped(bytes, at, by)).equals(inflateSync(bytes))).toBe(true);
        else expect(fault).toMatchObject({ code: 'content_mismatch', detail: expect.stringContaining(key) });
      }),
      { numRuns: 60 },
    );
  });

  test('swapped objects of the same size are detected', async () => {
    await using stored = await storeBackups([writeCinderBackup({ ...full.plan, compression: 'none' })]);
    const plain = writeCinderBackup({ ...full.plan, compression: 'none' });
    const [one, other] = [objectOf(plain, 0), objectOf(plain, 1)];
    const link = await stored.openLink(plain);
    await stored.buckets.put(testBucket, [
      [one[0], other[1]],
      [other[0], one[1]],
    ]);
    expect(await prove(stored, link)).toMatchObject({
      fault: { code: 'content_mismatch', detail: expect.stringContaining(one[0]) },
      provedObjects: 0,
    });
  });

  test('an object resized after the listing has changed while it was read; before it, it is a mismatch', async () => {
    await using stored = await storeBackups([full]);
    const listedBefore = await stored.openLink(full);
    const [key, bytes] = objectOf(full, 1);
    for (const altered of [bytes.subarray(0, -1), Buffer.concat([bytes, Buffer.from('x')]), new Uint8Array()]) {
      await stored.buckets.put(testBucket, [[key, altered]]);
      expect(await prove(stored, listedBefore)).toMatchObject({ fault: { code: 'changed_while_read' } });
      const proof = await prove(stored, await stored.openLink(full));
      expect(proof).toMatchObject({ fault: { code: 'content_mismatch', detail: expect.stringContaining(key) } });
      expect(proof.provedObjects).toBe(1);
    }
  });

  test('content that matches its MD5 but not its block hashes is detected', async () => {
    const other = writeCinderBackup({ ...full.plan, volume: flipped(full.plan.volume, 5 * 512) });
    await using stored = await storeBackups([other]);
    const hashKey = `${full.imagePath}_sha256file`;
    await stored.buckets.put(testBucket, [[hashKey, full.objects.get(hashKey) ?? '']]);
    const proof = await prove(stored, await stored.openLink(full));
    expect(proof).toMatchObject({ fault: { code: 'content_mismatch', detail: expect.stringContaining('blocks') } });
    expect(proof.provedObjects).toBe(1);
  });

  test('a deleted object is missing, even if it was deleted after the listing', async () => {
    await using stored = await storeBackups([full]);
    const link = await stored.openLink(full);
    const [key] = objectOf(full, 2);
    await stored.buckets.remove(testBucket, key);
    const detail = expect.stringContaining(key);
    expect((await prove(stored, link)).fault).toMatchObject({ code: 'object_missing', detail });
    expect((await prove(stored, await stored.openLink(full))).fault).toMatchObject({ code: 'object_missing', detail });
  });

  test('an object that is listed but not found is read once more, and is never reported missing', async () => {
    await using stored = await storeBackups([full]);
    const link = await stored.openLink(full);
    const notFoundFor = (times: number) => {
      let left = times;
      return alterStorage(stored.storage, {
        beforeGet: ({ key }) => {
          if (!key.endsWith('-00002') || left === 0) return;
          left -= 1;
          throw new StorageError('object_not_found', key);
        },
      });
    };
    expect(await prove(stored, link, { storage: notFoundFor(1) })).toMatchObject({ fault: null, objects: 4 });
    const { fault } = await prove(stored, link, { storage: notFoundFor(2) });
    expect(fault).toMatchObject({ code: 'changed_while_read', detail: expect.stringContaining('-00002') });
  });

  test('the first of several broken objects is reported, however many threads read them', async () => {
    const many = writeCinderBackup(manyObjectsPlan);
    await using stored = await storeBackups([many]);
    const link = await stored.openLink(many);
    for (const place of [399, 120, 100]) {
      const [key, bytes] = objectOf(many, place);
      await truncate(join(stored.buckets.directory, testBucket, key), 0);
      await writeFile(join(stored.buckets.directory, testBucket, key), flipped(bytes, 0));
    }
    await using threads = openThreads(stored);
    for (const changes of [{}, { threads }]) {
      const proof = await prove(stored, link, changes);
      expect(proof.fault).toMatchObject({ code: 'content_mismatch', detail: expect.stringContaining('-00101') });
      expect(proof.provedObjects).toBe(100);
    }
  });
});

describe('a proof', () => {
  test('continues after the objects that an earlier run has proved', async () => {
    await using stored = await storeBackups([full]);
    const link = await stored.openLink(full);
    const gets: string[] = [];
    const storage = alterStorage(stored.storage, { beforeGet: ({ key }) => void gets.push(key) });
    for (const startAfter of [0, 1, 3, 4]) {
      gets.length = 0;
      const proof = await prove(stored, link, { storage, startAfter });
      expect(proof).toMatchObject({ fault: null, provedObjects: 4, objects: 4 - startAfter });
      expect(gets).toEqual([0, 1, 2, 3].slice(startAfter).map((place) => objectOf(full, place)[0]));
    }
  });

  test('throws errors that may pass by themselves, and has reported where to continue', async () => {
    await using stored = await storeBackups([writeCinderBackup(manyObjectsPlan)]);
    const link = await stored.openLink(writeCinderBackup(manyObjectsPlan));
    let told = 0;
    const storage = alterStorage(stored.storage, {
      beforeGet: ({ key }) => {
        if (key.endsWith('-00200')) throw new StorageError('throttled', 'slow down');
      },
    });
    const onProgress = ({ provedObjects }: ContentProgress) => {
      told = provedObjects;
    };
    await expect(prove(stored, link, { storage, onProgress })).rejects.toMatchObject({ code: 'throttled' });
    expect(told).toBe(199);
    expect(await prove(stored, link, { startAfter: told })).toMatchObject({ fault: null, provedObjects: 400 });
  });

  test('reports an object that must not be read or is archived', async () => {
    await using stored = await storeBackups([full]);
    const link = await stored.openLink(full);
    for (const code of ['access_denied', 'archived', 'encrypted_customer_key'] as const) {
      const storage = alterStorage(stored.storage, {
        beforeGet: () => {
          throw new StorageError(code, code);
        },
      });
      expect((await prove(stored, link, { storage })).fault).toMatchObject({ code });
    }
  });

  test('is cancelled immediately, in this thread and in others', async () => {
    const many = writeCinderBackup(manyObjectsPlan);
    await using stored = await storeBackups([many]);
    const link = await stored.openLink(many);
    const reason = new Error('not wanted any more');
    await using threads = openThreads(stored);
    for (const changes of [{}, { threads }]) {
      const controller = new AbortController();
      const proving = prove(stored, link, {
        ...changes,
        signal: controller.signal,
        onProgress: () => controller.abort(reason),
      });
      await expect(proving).rejects.toBe(reason);
    }
    // What was stopped is of no consequence to what these threads prove next.
    expect(await prove(stored, link, { threads })).toMatchObject({ fault: null, objects: 400 });
    const controller = new AbortController();
    const hanging = alterStorage(stored.storage, {
      beforeGet: () => controller.abort(reason),
      get: (_, content) => ({ ...content, body: never() }),
    });
    await expect(prove(stored, link, { storage: hanging, signal: controller.signal })).rejects.toBe(reason);
    await expect(prove(stored, link, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test('fails if a thread cannot open the storage unit', async () => {
    const many = writeCinderBackup(manyObjectsPlan);
    await using stored = await storeBackups([many]);
    const opening = { id: 'here', specification: `file:${stored.buckets.directory}/missing` };
    await using threads = new StorageThreads(opening, stored.storage, 2);
    const link = await stored.openLink(many);
    await expect(prove(stored, link, { threads })).rejects.toMatchObject({ code: 'unreachable' });
  });
});

/** A body that never yields anything. */
function never(): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => {}),
      return: async () => ({ done: true, value: undefined }),
    }),
  };
}

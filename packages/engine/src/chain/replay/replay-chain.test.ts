import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { syncBackupsRequest } from '@backup-sync/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countRequests } from '../../storage/counted-storage-unit.ts';
import { openFilesystemStorageUnit } from '../../storage/filesystem/filesystem-storage-unit.ts';
import { StorageError } from '../../storage/port.ts';
import { alterStorage } from '../../testing/altered-storage.ts';
import { chainContext } from '../../testing/chain-context.ts';
import { type StoredBackups, storeBackups, testBucket } from '../../testing/chain-data.ts';
import { type WrittenBackup, writeCinderBackup } from '../../testing/cinder-writer.ts';
import { asEarlyWriter } from '../../testing/early-cinder.ts';
import { openMemoryStorageUnit } from '../../testing/memory-storage-unit.ts';
import { seededBytes, seededUuid } from '../../testing/seeded-bytes.ts';
import { writeSmallChain } from '../../testing/small-chain.ts';
import { proveContent } from '../content/prove-content.ts';
import { type VolumeData, type VolumeLink, volumesOf } from '../data.ts';
import { openChain } from '../examiner.ts';
import { type Replay, type ReplayOptions, type ReplayProgress, replayChain } from './replay-chain.ts';
import { streamSink } from './stream-sink.ts';

const fixtures = fileURLToPath(new URL('../../../../../../shared/fixtures/', import.meta.url));
const fixture = `${fixtures}cinder-s3-zlib`;
const unaborted = new AbortController().signal;

const chain = writeSmallChain('replay', 16, [[0, 1, 9], [], [15]]);
const [full, increment, , leaf] = chain;
if (full === undefined || increment === undefined || leaf === undefined) throw new Error('the chain has links');

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function replay({ storage }: StoredBackups, data: VolumeData, changes: Partial<ReplayOptions> = {}): Promise<Replay> {
  return replayChain(data, { storage, opening: null, sink: null, signal: unaborted, ...changes });
}

async function expectReplays(stored: StoredBackups, backups: readonly WrittenBackup[]): Promise<void> {
  for (const backup of backups) {
    expect(await replay(stored, await stored.open(backup))).toMatchObject({
      fault: null,
      sha256: sha256Of(backup.plan.volume),
      volumeBytes: backup.plan.volume.length,
      replayedBytes: backup.plan.volume.length,
    });
  }
}

/** Collects the bytes that a sink gets. */
function memoryStream() {
  const pieces: Buffer[] = [];
  const stream = new Writable({
    write(piece, _encoding, done) {
      pieces.push(Buffer.from(piece));
      done();
    },
  });
  return { stream, bytes: () => Buffer.concat(pieces) };
}

describe('a chain that Cinder itself wrote', () => {
  test.skipIf(!existsSync(fixture))(
    'passes content and replay in all its links (needs ../shared/fixtures)',
    async () => {
      const request = syncBackupsRequest.parse(JSON.parse(await readFile(`${fixture}.request.json`, 'utf8')));
      await using storage = await openFilesystemStorageUnit({ id: 'fixture', directory: fixture });
      const imagePaths = request.sync.map((item) => item.image_path);
      for (const item of request.sync) {
        const opened = await openChain(chainContext(storage, item.bucket_name, imagePaths));
        const data = await opened.openData(item);
        const volume = data === null ? undefined : volumesOf(data)[0]?.volume;
        if (volume === undefined) throw new Error(`no volume is stored at ${item.image_path}`);
        for (const link of volume.links) {
          const proof = await proveContent(link, { storage, threads: null, signal: unaborted });
          expect(proof.fault).toBeNull();
        }
        const { stream, bytes } = memoryStream();
        const result = await replayChain(volume, {
          storage,
          opening: null,
          sink: streamSink(stream),
          signal: unaborted,
        });
        expect(result).toMatchObject({ fault: null, volumeBytes: 1024 * 1024, sha256: sha256Of(bytes()) });

        const hashFile = await readFile(`${fixture}/${item.bucket_name}/${item.image_path}_sha256file`, 'utf8');
        const { sha256s, chunk_size: blockBytes } = JSON.parse(hashFile);
        const blocks = Array.from({ length: sha256s.length }, (_, block) =>
          sha256Of(bytes().subarray(block * blockBytes, (block + 1) * blockBytes)),
        );
        expect(blocks).toEqual(sha256s);
      }
    },
  );
});

describe('a whole chain', () => {
  test('gives the volume of every link, even if nothing had changed', async () => {
    await using stored = await storeBackups(chain);
    await expectReplays(stored, chain);
  });

  test('opens each needed object once, and no other', async () => {
    const covering = writeSmallChain('covered', 8, [[0, 1, 2, 3], [5]]);
    const [, , last] = covering;
    if (last === undefined) throw new Error('the chain has links');
    await using stored = await storeBackups(covering);
    const data = await stored.open(last);
    const gets: string[] = [];
    const storage = alterStorage(stored.storage, { beforeGet: ({ key }) => void gets.push(key.slice(-6)) });
    const result = await replay(stored, data, { storage });
    expect(result).toMatchObject({ fault: null, objects: 3 });
    // The increment covers the full backup's first object completely, and the middle of its second.
    expect(gets.toSorted()).toEqual(['-00001', '-00001', '-00002']);
  });

  test('may have become shorter, may branch, and may have parents in other buckets', async () => {
    const shorter = writeCinderBackup({
      ...increment.plan,
      backupId: seededUuid('shorter'),
      volume: leaf.plan.volume.slice(0, 10 * 512 + 100),
      parent: full,
    });
    const sibling = writeCinderBackup({ ...leaf.plan, backupId: seededUuid('sibling'), parent: full });
    await using stored = await storeBackups([full, increment, shorter, sibling]);
    await expectReplays(stored, [full, increment, shorter, sibling]);

    await using elsewhere = await storeBackups([increment]);
    await elsewhere.buckets.put('other', full.objects);
    const locate = async () => [{ storageUnitId: 'here', bucketName: 'other', imagePath: full.imagePath }];
    const data = await elsewhere.open(increment, { locate });
    expect(await replay(elsewhere, data)).toMatchObject({ fault: null, sha256: sha256Of(increment.plan.volume) });
  });

  test('of an early writer has no block hashes, but can be replayed', async () => {
    const early = asEarlyWriter(writeCinderBackup({ ...full.plan, takenAtMs: Date.UTC(2014, 2, 1) }));
    await using stored = await storeBackups([early]);
    await expectReplays(stored, [early]);
  });

  test('gives the right volumes for any volumes, object sizes and compressions', async () => {
    const plan = fc.record({
      blocks: fc.integer({ min: 1, max: 20 }),
      tailBytes: fc.nat(63),
      objectBlocks: fc.integer({ min: 1, max: 6 }),
      compression: fc.constantFrom('none', 'zlib', 'zstd'),
      changes: fc.array(fc.array(fc.nat(19), { maxLength: 6 }), { maxLength: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ blocks, tailBytes, objectBlocks, compression, changes }) => {
        const blockBytes = 64;
        let volume = new Uint8Array(blocks * blockBytes + tailBytes);
        volume.set(seededBytes('any', Math.floor(volume.length / 2)));
        const written: WrittenBackup[] = [];
        for (const [day, changed] of [[], ...changes].entries()) {
          volume = volume.slice();
          for (const block of changed) volume.fill(day + 1, block * blockBytes, (block + 1) * blockBytes);
          const parent = written.at(-1);
          written.push(
            writeCinderBackup({
              volumeId: seededUuid('any/volume'),
              backupId: seededUuid(`any/${day}`),
              takenAtMs: Date.UTC(2026, 2, 1 + day),
              volume,
              objectBytes: objectBlocks * blockBytes,
              blockBytes,
              compression,
              ...(parent === undefined ? {} : { parent }),
            }),
          );
        }
        await using stored = await storeBackups(written);
        await expectReplays(stored, written);
      }),
      { numRuns: 25 },
    );
  });

  test('larger than one part is assembled completely, in order', async () => {
    const large = writeCinderBackup({
      ...full.plan,
      volume: seededBytes('large', 3 * 1024 * 1024 + 700),
      objectBytes: 96 * 1024,
      blockBytes: 32 * 1024,
    });
    await using stored = await storeBackups([large]);
    const { stream, bytes } = memoryStream();
    const seen: ReplayProgress[] = [];
    const result = await replay(stored, await stored.open(large), {
      sink: streamSink(stream),
      onProgress: (progress) => seen.push(progress),
    });
    expect(result).toMatchObject({ fault: null, sha256: sha256Of(large.plan.volume) });
    expect(bytes().equals(large.plan.volume)).toBe(true);
    expect(seen.map(({ replayedBytes }) => replayedBytes)).toEqual(
      [1, 2, 3, 3 + 700 / 2 ** 20].map((n) => n * 2 ** 20),
    );
  });
});

test('a replay lets the thread do other work after each part, however much was read ahead', async () => {
  const backup = writeCinderBackup({
    ...full.plan,
    volume: seededBytes('turns', 4 * 2 ** 20),
    objectBytes: 2 ** 20,
    blockBytes: 32 * 1024,
    compression: 'none',
  });
  const storage = openMemoryStorageUnit(new Map([[testBucket, new Map(backup.objects)]]));
  await using stored = await storeBackups([backup]);
  let turn = 0;
  const turns: number[] = [];
  const count = () => {
    turn += 1;
    immediate = setImmediate(count);
  };
  let immediate = setImmediate(count);
  const result = await replay(stored, await stored.open(backup), { storage, onProgress: () => turns.push(turn) });
  clearImmediate(immediate);
  expect(result.fault).toBeNull();
  expect(turns).toHaveLength(4);
  expect(new Set(turns).size).toBe(4);
});

describe('a volume that is read in threads', () => {
  const plan = { ...full.plan, objectBytes: 1024 * 1024, blockBytes: 32 * 1024 };
  const parent = writeCinderBackup({ ...plan, volume: seededBytes('threads/0', 40 * 1024 * 1024 + 700) });
  const changed = Uint8Array.from(parent.plan.volume);
  changed.set(seededBytes('threads/1', 5_000_000), 9_000_000);
  const child = writeCinderBackup({ ...plan, backupId: seededUuid('threads/child'), volume: changed, parent });

  async function openThreaded() {
    const stored = await storeBackups([parent, child]);
    const opening = { id: 'here', specification: `file:${stored.buckets.directory}` };
    const counted = countRequests(stored.storage);
    return {
      ...stored,
      data: await stored.open(child),
      count: counted.count,
      options: { storage: counted.unit, opening, threadCount: 2 },
    };
  }

  test('is complete and in order, with each object read once and every request counted', async () => {
    await using stored = await openThreaded();
    const { stream, bytes } = memoryStream();
    const result = await replay(stored, stored.data, { ...stored.options, sink: streamSink(stream) });
    expect(result).toMatchObject({ fault: null, sha256: sha256Of(child.plan.volume) });
    expect(bytes().equals(child.plan.volume)).toBe(true);
    expect(stored.count().gets).toBe(result.objects);
    expect(stored.count().bytesRead).toBe(result.storedBytes);
  });

  test('names the object whose bytes differ, or that is gone', async () => {
    await using stored = await openThreaded();
    const [key, stays] = [...parent.objects][30] ?? ['', new Uint8Array()];
    const altered = Uint8Array.from(stays);
    altered[9] = (altered[9] ?? 0) ^ 0x10;
    await stored.buckets.put(testBucket, [[key, altered]]);
    const detail = expect.stringContaining(key);
    const fault = { code: 'content_mismatch', detail };
    expect(await replay(stored, stored.data, stored.options)).toMatchObject({ fault, sha256: null });
    await stored.buckets.remove(testBucket, key);
    const gone = { code: 'object_missing', detail };
    expect(await replay(stored, stored.data, stored.options)).toMatchObject({ fault: gone, sha256: null });
  });

  test('is cancelled immediately, even while the sink waits, and throws if a thread cannot open storage', async () => {
    await using stored = await openThreaded();
    const reason = new Error('not wanted any more');
    const controller = new AbortController();
    const stuck = new Writable({ write: () => controller.abort(reason) });
    const { signal } = controller;
    const sink = streamSink(stuck);
    await expect(replay(stored, stored.data, { ...stored.options, sink, signal })).rejects.toBe(reason);
    const opening = { id: 'here', specification: `file:${stored.buckets.directory}/missing` };
    await expect(replay(stored, stored.data, { ...stored.options, opening })).rejects.toMatchObject({
      code: 'unreachable',
    });
  });
});

describe('a chain that is not whole', () => {
  test('names the object whose bytes differ, in whichever link', async () => {
    for (const backup of [full, increment, leaf]) {
      await using stored = await storeBackups(chain);
      const data = await stored.open(leaf);
      const [key, bytes] = [...backup.objects].at(-3) ?? ['', new Uint8Array()];
      const altered = Uint8Array.from(bytes);
      altered[9] = (altered[9] ?? 0) ^ 0x10;
      await stored.buckets.put(testBucket, [[key, altered]]);
      expect(await replay(stored, data)).toMatchObject({
        fault: { code: 'content_mismatch', detail: expect.stringContaining(key) },
        sha256: null,
      });
    }
  });

  test('is detected by its block hashes, even if each object matches its digest', async () => {
    const volume = Uint8Array.from(full.plan.volume);
    volume[6 * 512] = (volume[6 * 512] ?? 0) ^ 1;
    const other = writeCinderBackup({ ...full.plan, volume });
    await using stored = await storeBackups([other, ...chain.slice(1)]);
    expect(await replay(stored, await stored.open(leaf))).toMatchObject({
      fault: { code: 'content_mismatch', detail: expect.stringMatching(/^block 6 of the volume.*-00002$/) },
    });
  });

  test('with a hole is a geometry fault, unless holes are zeros', async () => {
    await using stored = await storeBackups([increment, full]);
    const { links } = await stored.open(increment);
    const alone: VolumeData = { links: links.slice(1).map(withoutBlocks) };
    expect(await replay(stored, alone)).toMatchObject({ fault: { code: 'geometry' } });
    const zeros = Uint8Array.from(increment.plan.volume);
    for (const block of Array.from({ length: 16 }, (_, index) => index)) {
      if (![0, 1, 9].includes(block)) zeros.fill(0, block * 512, (block + 1) * 512);
    }
    expect(await replay(stored, { ...alone, holesAreZeros: true })).toMatchObject({
      fault: null,
      sha256: sha256Of(zeros),
    });
  });

  test('ends with the fault of an object, or throws an error that may pass by itself', async () => {
    await using stored = await storeBackups(chain);
    const data = await stored.open(leaf);
    const failing = (code: 'archived' | 'throttled') =>
      alterStorage(stored.storage, {
        beforeGet: ({ key }) => {
          if (key.endsWith('-00003')) throw new StorageError(code, code);
        },
      });
    expect(await replay(stored, data, { storage: failing('archived') })).toMatchObject({ fault: { code: 'archived' } });
    await expect(replay(stored, data, { storage: failing('throttled') })).rejects.toMatchObject({ code: 'throttled' });
  });

  test('throws the errors of the sink, and the reason of an aborted signal, even while the sink waits', async () => {
    await using stored = await storeBackups(chain);
    const data = await stored.open(leaf);
    const failure = new Error('the pipe is closed');
    const broken = new Writable({ write: (_piece, _encoding, done) => done(failure) });
    await expect(replay(stored, data, { sink: streamSink(broken) })).rejects.toBe(failure);

    const controller = new AbortController();
    const reason = new Error('not wanted any more');
    const stuck = new Writable({ write: () => controller.abort(reason) });
    const sink = streamSink(stuck);
    await expect(replay(stored, data, { sink, signal: controller.signal })).rejects.toBe(reason);
    await expect(replay(stored, data, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

/** The same link without its block hashes. */
function withoutBlocks(link: VolumeLink): VolumeLink {
  const { backupId, location, volumeBytes } = link;
  return { backupId, location, volumeBytes, objects: () => link.objects(), blocks: null };
}

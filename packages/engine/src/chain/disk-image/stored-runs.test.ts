import { expect, test } from 'vitest';
import { collect } from '../../storage/storage-conformance.ts';
import type { StoredObject, ZeroRun } from '../data.ts';
import { type FrameForm, type ImageRun, joinRuns } from './stored-runs.ts';

const mebibyte = 1024 * 1024;
const entry = { key: 'package.ova', size: 10 ** 9, etag: 'tag', modifiedAtMs: 5, archived: false };
/** An image that begins 1000 bytes after the beginning of its object. */
const source = { entry, start: 1000, bytes: 10 ** 9 - 1000 };
const form: FrameForm = { compression: 'zstd', plainBytes: 65_536 };

async function* inBatches(runs: readonly ImageRun[], size: number): AsyncGenerator<readonly ImageRun[]> {
  for (let from = 0; from < runs.length; from += size) yield runs.slice(from, from + size);
}

/** What is made of runs, however they come in batches. */
async function join(...runs: readonly ImageRun[]): Promise<readonly (StoredObject | ZeroRun)[]> {
  const made = (await collect(joinRuns(source, form, inBatches(runs, 100)))).flat();
  expect((await collect(joinRuns(source, form, inBatches(runs, 1)))).flat()).toEqual(made);
  return made;
}

const shapeOf = (object: StoredObject | ZeroRun) =>
  object.key === null
    ? ['zeros', object.offset, object.length]
    : [object.offset, object.length, object.part?.start, object.storedBytes, object.frames?.places.join()];

test('runs that follow each other in the disk and in the image become one part of the object', async () => {
  const [object, ...more] = await join(
    { kind: 'stored', offset: 0, length: 100, at: 500 },
    { kind: 'stored', offset: 100, length: 50, at: 600 },
  );
  expect(more).toEqual([]);
  expect(object).toEqual({
    ...{ key: 'package.ova', etag: 'tag', offset: 0, length: 150, storedBytes: 150, compression: 'none' },
    ...{ part: { start: 1500, objectBytes: 10 ** 9, modifiedAtMs: 5 }, plainDigest: null, storedDigest: null },
  });
});

test('a gap in the disk or in the image, and another kind of run, begin a new object', async () => {
  const made = await join(
    { kind: 'stored', offset: 0, length: 100, at: 0 },
    { kind: 'stored', offset: 100, length: 100, at: 200 },
    { kind: 'stored', offset: 300, length: 100, at: 300 },
    { kind: 'zeros', offset: 400, length: 100 },
    { kind: 'zeros', offset: 500, length: 100 },
    { kind: 'zeros', offset: 700, length: 100 },
    { kind: 'frame', offset: 800, length: 100, at: 0, end: 10 },
  );
  expect(made.map(shapeOf)).toEqual([
    [0, 100, 1000, 100, undefined],
    [100, 100, 1200, 100, undefined],
    [300, 100, 1300, 100, undefined],
    ['zeros', 400, 200],
    ['zeros', 700, 100],
    [800, 100, 1000, 10, '0,10'],
  ]);
});

test('frames near each other are read at once, in any order', async () => {
  const made = await join(
    { kind: 'frame', offset: 0, length: 65_536, at: 5000, end: 6000 },
    { kind: 'frame', offset: 65_536, length: 65_536, at: 4000, end: 5120 },
    { kind: 'frame', offset: 131_072, length: 10, at: 5 * mebibyte, end: 5 * mebibyte + 7 },
  );
  expect(made.map(shapeOf)).toEqual([
    [0, 131_072, 5000, 2000, '1000,2000,0,1120'],
    [131_072, 10, 5 * mebibyte + 1000, 7, '0,7'],
  ]);
  expect(made[0]).toMatchObject({ frames: form, compression: 'none' });
});

test('no object covers more than 8 MiB of the disk, except with zeros', async () => {
  const large = await join({ kind: 'stored', offset: 0, length: 20 * mebibyte, at: 0 });
  expect(large.map(({ length }) => length / mebibyte)).toEqual([8, 8, 4]);
  expect(large.map(shapeOf)[2]).toEqual([16 * mebibyte, 4 * mebibyte, 16 * mebibyte + 1000, 4 * mebibyte, undefined]);
  const clusters = Array.from({ length: 300 }, (_, at) => ({ offset: at * 65_536, length: 65_536 }));
  const stored = await join(...clusters.map((run) => ({ ...run, kind: 'stored', at: run.offset }) as const));
  expect(stored.map(({ length }) => length / 65_536)).toEqual([128, 128, 44]);
  const frames = await join(
    ...clusters.map((run, at) => ({ ...run, kind: 'frame', at: at * 50, end: at * 50 + 50 }) as const),
  );
  expect(frames.map(({ length }) => length / 65_536)).toEqual([128, 128, 44]);
  expect(await join({ kind: 'zeros', offset: 0, length: 100 * mebibyte })).toHaveLength(1);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { collect } from '../../storage/storage-conformance.ts';
import type { LinkData, StoredObject } from '../data.ts';
import { contentJobs } from './content-jobs.ts';
import { type JobBatch, jobBatches } from './job-batches.ts';
import { ProofTally } from './proof-tally.ts';

const blockBytes = 8;

function linkOf(places: readonly (readonly [offset: number, length: number])[], blocks: number): LinkData {
  const objects = places.map(
    ([offset, length], index): StoredObject => ({
      key: `object-${index}`,
      storedBytes: length,
      etag: null,
      offset,
      length,
      compression: 'none',
      plainDigest: null,
      storedDigest: null,
    }),
  );
  return {
    backupId: 'backup',
    location: { storageUnitId: 'here', bucketName: 'bucket', imagePath: 'path' },
    async *objects() {
      yield objects;
    },
    blocks: {
      bytes: blockBytes,
      async *hashes() {
        for (let block = 0; block < blocks; block += 1) yield new Uint8Array(32).fill(block);
      },
    },
    volumeBytes: 40,
  };
}

describe('the geometry of objects', () => {
  test.each([
    [
      'overlap',
      [
        [0, 16],
        [8, 8],
      ],
      5,
    ],
    [
      'go back',
      [
        [16, 8],
        [0, 8],
      ],
      5,
    ],
    ['begin inside a block', [[4, 12]], 5],
    ['end inside a block', [[0, 12]], 5],
    ['end beyond the volume', [[32, 16]], 6],
    [
      'have no hashes',
      [
        [0, 8],
        [32, 8],
      ],
      3,
    ],
  ] as const)('is a fault if they %s', async (_, places, blocks) => {
    const jobs = collect(contentJobs(linkOf(places, blocks), 0));
    await expect(jobs).rejects.toMatchObject({ fault: { code: 'geometry' } });
  });

  test('gives the same digest of blocks whether or not earlier objects are skipped', async () => {
    const link = linkOf(
      [
        [0, 8],
        [8, 16],
        [32, 8],
      ],
      5,
    );
    const all = await collect(contentJobs(link, 0));
    for (const startAfter of [1, 2, 3]) {
      expect(await collect(contentJobs(link, startAfter))).toEqual(all.slice(startAfter));
    }
  });
});

test('batches contain all jobs in order, and end when the jobs are large or many', async () => {
  const sizes = fc.array(fc.oneof(fc.nat(100), fc.constant(9_000_000)), { maxLength: 300 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.nat(5), async (lengths, first) => {
      const link = linkOf([[0, 8]], 5);
      const [job] = await collect(contentJobs(link, 0));
      if (job === undefined) throw new Error('there is one object');
      const jobs = lengths.map((storedBytes) => ({ ...job, object: { ...job.object, storedBytes } }));
      async function* source() {
        yield* jobs;
      }
      const batches: JobBatch[] = await collect(jobBatches(source(), first));
      expect(batches.flatMap((batch) => batch.jobs)).toEqual(jobs);
      let next = first;
      for (const batch of batches) {
        expect(batch.first).toBe(next);
        expect(batch.jobs.length).toBeLessThanOrEqual(64);
        next += batch.jobs.length;
      }
    }),
  );
});

test('the totals do not depend on the order in which batches end', () => {
  const batch = fc.record({ jobs: fc.integer({ min: 1, max: 5 }), failsAt: fc.option(fc.nat(4)) });
  const input = fc.array(batch, { minLength: 1, maxLength: 8 }).chain((batches) => {
    let first = 3;
    const results = batches.map(({ jobs, failsAt }) => {
      const objects = failsAt === null ? jobs : Math.min(failsAt, jobs - 1);
      const failure = failsAt === null ? null : ({ kind: 'error', error: first + objects } as const);
      const placed = { first, result: { objects, storedBytes: objects, plainBytes: objects, failure } };
      first += jobs;
      return placed;
    });
    return fc.tuple(fc.constant(results), fc.shuffledSubarray(results, { minLength: results.length }));
  });
  fc.assert(
    fc.property(input, ([ordered, shuffled]) => {
      const tally = new ProofTally(3);
      for (const { first, result } of shuffled) tally.add(first, result);
      const foremost = ordered.find(({ result }) => result.failure !== null);
      expect(tally.failure).toEqual(foremost?.result.failure ?? null);
      const end = foremost === undefined ? ordered.at(-1) : foremost;
      expect(tally.progress().provedObjects).toBe((end?.first ?? 0) + (end?.result.objects ?? 0));
    }),
  );
});

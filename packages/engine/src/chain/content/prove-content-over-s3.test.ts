import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Clock } from '../../clock.ts';
import { BucketBudget, type BudgetLimits, type Sleep, systemSleep } from '../../storage/bucket-budget.ts';
import { budgetRequests } from '../../storage/budgeted-storage-unit.ts';
import { countRequests } from '../../storage/counted-storage-unit.ts';
import { openStorageUnit } from '../../storage/open-storage-unit.ts';
import type { StorageUnit } from '../../storage/port.ts';
import { alterStorage } from '../../testing/altered-storage.ts';
import { chainContext } from '../../testing/chain-context.ts';
import { writeCinderBackup } from '../../testing/cinder-writer.ts';
import { type S3Refusal, startS3Server } from '../../testing/s3-test-server.ts';
import { seededBytes, seededUuid } from '../../testing/seeded-bytes.ts';
import { syncItemOf } from '../../testing/small-chain.ts';
import { TestClock } from '../../testing/test-clock.ts';
import { openChain } from '../examiner.ts';
import { StorageThreads } from '../threads/storage-threads.ts';
import { proveContent } from './prove-content.ts';

const bucket = 'backups';
/** Enough objects to be read in threads. */
const objectCount = 400;
const backup = writeCinderBackup({
  volumeId: seededUuid('over-s3/volume'),
  backupId: seededUuid('over-s3/backup'),
  takenAtMs: Date.UTC(2026, 2, 1),
  volume: seededBytes('over-s3', objectCount * 512),
  objectBytes: 512,
  blockBytes: 512,
});
const dataBytes = [...backup.objects]
  .filter(([key]) => /-\d{5}$/.test(key))
  .reduce((sum, [, bytes]) => sum + bytes.length, 0);

beforeAll(() => {
  // Threads find their credentials as the SDK does.
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
});
afterAll(() => {
  vi.unstubAllEnvs();
});

const unlimited: BudgetLimits = { requestsPerSecond: 1e6, requestsInFlight: 1000 };

async function proveOverS3(options: {
  readonly threadCount: number;
  readonly refuse?: S3Refusal;
  readonly limits?: BudgetLimits;
  readonly clock?: Clock;
  readonly sleep?: Sleep;
  /** Counts the requests admitted for threads, and those not answered yet. */
  readonly log?: { begun: number; inFlight: number };
}) {
  const { threadCount, refuse, limits = unlimited, clock = new TestClock(0), sleep = systemSleep } = options;
  const { log = { begun: 0, inFlight: 0 } } = options;
  await using server = await startS3Server({ [bucket]: Object.fromEntries(backup.objects) }, refuse);
  const specification = `s3:${server.options.endpoint}`;
  await using unit = await openStorageUnit(specification, {});
  const examiner = await openChain(chainContext(unit, bucket, [backup.imagePath]));
  const link = (await examiner.openData(syncItemOf(backup, bucket)))?.links.at(-1);
  if (link === undefined) throw new Error('the backup was just written');
  const watched: StorageUnit = {
    ...alterStorage(unit, {}),
    admit: (request) => {
      const begin = async () => {
        log.begun += 1;
        log.inFlight += 1;
        await request.begin().finally(() => {
          log.inFlight -= 1;
        });
      };
      return unit.admit({ ...request, begin });
    },
  };
  const counted = countRequests(budgetRequests(watched, () => new BucketBudget(limits, clock, sleep)));
  await using threads = new StorageThreads({ id: 'default', specification }, counted.unit, threadCount);
  const { signal } = new AbortController();
  const proof = await proveContent(link, { storage: counted.unit, threads, signal });
  return { proof, ...counted.count() };
}

/** Waits for some turns of the event loop, so that other work can run. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await setImmediate();
}

describe('threads that read from S3', () => {
  test.each([1, 3])('have every request and byte counted, with %s of them', async (threadCount) => {
    const asked: string[] = [];
    const refuse = (key: string) => {
      if (/-\d{5}$/.test(key)) asked.push(key);
      return null;
    };
    const { proof, gets, bytesRead } = await proveOverS3({ threadCount, refuse });
    expect(proof).toMatchObject({ fault: null, objects: objectCount });
    expect(asked).toHaveLength(objectCount);
    expect({ gets, bytesRead }).toEqual({ gets: objectCount, bytesRead: dataBytes });
  });

  test('together never exceed the bucket’s limit of requests in flight', async () => {
    let inFlight = 0;
    let most = 0;
    const refuse = async (key: string) => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      // No request is answered before the limit is reached.
      while (/-\d{5}$/.test(key) && most < 4) await setImmediate();
      await turns(10);
      inFlight -= 1;
      return null;
    };
    const { proof } = await proveOverS3({ threadCount: 3, refuse, limits: { ...unlimited, requestsInFlight: 4 } });
    expect(proof.fault).toBeNull();
    expect(most).toBe(4);
  });

  test('all pause for as long as the service asks one of them to, and lose nothing', async () => {
    const log = { begun: 0, inFlight: 0 };
    let [arrived, begunInPause] = [0, 0];
    const clock = new TestClock(0);
    const refuse = () => {
      arrived += 1;
      return arrived === 50 ? { status: 503, code: 'SlowDown', headers: { 'retry-after': '7' } } : null;
    };
    const pause = async () => {
      const { begun } = log;
      while (log.inFlight > 0) await setImmediate();
      await turns(500);
      begunInPause = log.begun - begun;
      clock.timeMs += 7000;
    };
    let pausing: Promise<void> | null = null;
    const sleep: Sleep = async (durationMs) => {
      if (durationMs < 5000) return;
      pausing ??= pause();
      await pausing;
    };
    const { proof, gets } = await proveOverS3({
      threadCount: 3,
      refuse,
      clock,
      sleep,
      log,
    });
    expect(proof).toMatchObject({ fault: null, objects: objectCount });
    expect({ passedMs: clock.timeMs, arrived, gets, begunInPause }).toEqual({
      passedMs: 7000,
      // Plus the hash file, the metadata and one retry.
      arrived: objectCount + 3,
      gets: objectCount,
      begunInPause: 0,
    });
  });
});

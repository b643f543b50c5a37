import { setTimeout } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { systemClock } from '../clock.ts';
import { makeBucketFiles } from '../testing/bucket-files.ts';
import { startS3Server } from '../testing/s3-test-server.ts';
import { openMeasuredStorage } from './open-measured-storage.ts';
import type { StorageUnit } from './port.ts';

/** Number of 40 requests that reach a service at the same time, if it answers none before `expected` have arrived. */
async function mostAtOnce(expected: number, requestsInFlight?: number): Promise<number> {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  let waiting = 0;
  let most = 0;
  const come = Promise.withResolvers<void>();
  const answers = Promise.withResolvers<void>();
  await using server = await startS3Server({ bucket: { a: 'hello' } }, () => null, {
    async beforeAnswer() {
      waiting += 1;
      most = Math.max(most, waiting);
      if (most === expected) come.resolve();
      await answers.promise;
      waiting -= 1;
    },
  });
  const storage = `s3:${server.options.endpoint}`;
  const { unit } = await openMeasuredStorage({ storage, requestsInFlight }, systemClock);
  await using opened: StorageUnit = unit;
  const asked = Array.from({ length: 40 }, () => opened.head({ bucket: 'bucket', key: 'a' }));
  await come.promise;
  // Without a budget, more would arrive now.
  await setTimeout(300);
  answers.resolve();
  await Promise.all(asked);
  return most;
}

test('requests to a service keep to the default budget of its driver, unless another is given', async () => {
  expect(await mostAtOnce(32)).toBe(32);
  expect(await mostAtOnce(3, 3)).toBe(3);
});

test('a directory has a budget only if one is given', async () => {
  await using files = await makeBucketFiles({ bucket: { a: 'hello' } });
  const storage = `file:${files.path}`;
  const seconds = async (requestsPerSecond?: number) => {
    const { unit } = await openMeasuredStorage({ storage, requestsPerSecond }, systemClock);
    await using opened: StorageUnit = unit;
    const beganMs = systemClock.monotonicMs();
    await Promise.all(Array.from({ length: 400 }, () => opened.head({ bucket: 'bucket', key: 'a' })));
    return (systemClock.monotonicMs() - beganMs) / 1000;
  };
  // 400 requests at 400 a second take a second, less the first tenth.
  expect(await seconds(400)).toBeGreaterThan(0.8);
  // The default budget of a service would let 200 through in a second.
  expect(await seconds()).toBeLessThan(1.8);
});

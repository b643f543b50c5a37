import { expect, test } from 'vitest';
import type { BucketGrant } from '../catalogue/bucket-grant.ts';
import { TestClock } from '../testing/test-clock.ts';
import { recentGrants } from './recent-grants.ts';

const grant: BucketGrant = { projectId: 'p', storageUnitId: 'unit', bucketName: 'bucket', prefix: '' };

test('grants are at most 5 seconds old, read once in that time, and again after a failure', async () => {
  const clock = new TestClock(0);
  const answers = [[grant], new Error('the catalogue is away'), []];
  const asked: string[] = [];
  const grants = {
    listGrants: (projectId: string | null) => {
      asked.push(String(projectId));
      const answer = answers.shift() ?? [];
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  };
  const listed = recentGrants({ grants }, 'p', clock);
  expect(await Promise.all([listed(), listed()])).toEqual([[grant], [grant]]);
  clock.timeMs = 4_999;
  clock.step(-3_600_000);
  expect(await listed()).toEqual([grant]);
  clock.timeMs += 1;
  await expect(listed()).rejects.toThrow('away');
  expect(await listed()).toEqual([]);
  expect(asked).toEqual(['p', 'p', 'p']);
});

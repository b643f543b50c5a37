import { expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { alterStorage } from '../testing/altered-storage.ts';
import { injectFault } from '../testing/faulty-storage-unit.ts';
import { openMemoryUnderTest } from '../testing/memory-under-test.ts';
import { BucketBudget, systemSleep } from './bucket-budget.ts';
import { budgetRequests } from './budgeted-storage-unit.ts';
import { countRequests } from './counted-storage-unit.ts';
import { limitToGrants } from './granted-storage-unit.ts';
import { everything } from './grants.ts';
import { measureStorage } from './measured-storage-unit.ts';
import { listPageEntriesMax, StorageError } from './port.ts';
import { rangedReadConformance, readRange, versionIn } from './ranged-read-conformance.ts';
import { expectCode, readAll, storageConformance } from './storage-conformance.ts';

const limits = { requestsPerSecond: 1_000_000, requestsInFlight: 100 };
const openBudget = () => new BucketBudget(limits, systemClock, systemSleep);
const grant = { projectId: 'p', storageUnitId: everything, bucketName: everything, prefix: '' };

// All wrappers that requests pass in a server, and those of tests.
const openDecorated = openMemoryUnderTest((memory) => {
  const altered = injectFault(alterStorage(memory, {}), null, listPageEntriesMax).unit;
  const budgeted = budgetRequests(altered, openBudget);
  const counted = countRequests(measureStorage(budgeted, systemClock).unit);
  return limitToGrants(counted.unit, () => Promise.resolve([grant]));
});
storageConformance('decorated', openDecorated);
rangedReadConformance('decorated', openDecorated);

test('a range counts as one request with its bytes, and a refused range counts as a request too', async () => {
  await using memory = await openMemoryUnderTest()({ bucket: { a: new Uint8Array(1_000_000) } });
  const of = await versionIn(memory, 'a');
  const { unit, count } = countRequests(memory);
  const { body } = await unit.get({ bucket: 'bucket', key: 'a', range: { start: 500_000, end: 700_000, of } });
  await readAll(body);
  expect(count()).toEqual({ lists: 0, gets: 1, bytesRead: 200_000 });
  memory.replaceObject('bucket', 'a', 'other');
  await expectCode('changed_while_read', readRange(unit, 'a', 0, 1, of));
  expect(count()).toEqual({ lists: 0, gets: 2, bytesRead: 200_000 });
});

test('a throttled range is requested again unchanged', async () => {
  await using memory = await openMemoryUnderTest()({ bucket: { a: 'hello' } });
  const throttled = new StorageError('throttled', 'slow down', { retryAfterMs: 1 });
  const { unit: faulty, log } = injectFault(memory, { at: 'read', number: 1, error: throttled }, 1000);
  const unit = budgetRequests(faulty, openBudget);
  expect(await readRange(unit, 'a', 1, 3, await versionIn(memory, 'a'))).toBe('el');
  expect(log.reads).toBe(2);
});

test('a range of a replaced object is refused', async () => {
  await using memory = await openMemoryUnderTest()({ bucket: { a: 'hello' } });
  const of = await versionIn(memory, 'a');
  const { unit } = injectFault(memory, { at: 'read', number: 1, changed: true }, 1000);
  await expectCode('changed_while_read', readRange(unit, 'a', 1, 3, of));
});

test('outside the grants no range is read', async () => {
  await using memory = await openMemoryUnderTest()({ bucket: { a: 'hello' } });
  const { unit, count } = countRequests(memory);
  const limited = limitToGrants(unit, () => Promise.resolve([]));
  await expectCode('access_denied', readRange(limited, 'a', 1, 3, await versionIn(memory, 'a')));
  expect(count().gets).toBe(0);
});

import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { expect, test } from 'vitest';
import { outdatedOf } from './outdated.ts';

const failure = new Error('the server is away');
const queryKey = ['shown'];

/** How a query stands whose second read fails, and is tried again if `retries`. */
async function afterFailedRead(retries: boolean) {
  const client = new QueryClient();
  client.setQueryData(queryKey, 'old', { updatedAt: 1_000 });
  const observer = new QueryObserver(client, {
    queryKey,
    queryFn: () => Promise.reject(failure),
    retry: retries,
    // Longer than the test.
    retryDelay: 60_000,
  });
  const failed = new Promise((resolve) => {
    const unsubscribe = observer.subscribe((result) => {
      if (result.failureReason === null) return;
      unsubscribe();
      resolve(result);
    });
  });
  await failed;
  const result = observer.getCurrentResult();
  await client.cancelQueries();
  client.clear();
  return result;
}

test.each([true, false])('an old answer is outdated once a read has failed, tried again: %s', async (retries) => {
  const result = await afterFailedRead(retries);
  expect(outdatedOf(result)).toEqual({ thrown: failure, readAtMs: 1_000 });
});

const read = { data: 'old', error: null, failureReason: null, isPlaceholderData: false, dataUpdatedAt: 1_000 };

test('an answer without a failure is not outdated, nor is a failure without an answer', () => {
  expect(outdatedOf(read)).toBe(null);
  expect(outdatedOf({ ...read, data: undefined, error: failure })).toBe(null);
});

test('the answer to another question has no time', () => {
  const placeholder = { ...read, failureReason: failure, isPlaceholderData: true, dataUpdatedAt: 0 };
  expect(outdatedOf(placeholder)).toEqual({ thrown: failure, readAtMs: null });
});

import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { expect, test } from 'vitest';
import { refreshStale } from './refresh-stale.ts';

/** A query that is shown. Its reads end when the test says so. */
function shownQuery(retryDelayMs = 0) {
  const client = new QueryClient();
  const ends: PromiseWithResolvers<string>[] = [];
  const observer = new QueryObserver(client, {
    queryKey: ['listBackups', 'project', {}],
    queryFn: () => {
      const end = Promise.withResolvers<string>();
      ends.push(end);
      return end.promise;
    },
    retryDelay: retryDelayMs,
  });
  const unsubscribe = observer.subscribe(() => {});
  const owned = new DisposableStack();
  owned.defer(() => {
    unsubscribe();
    client.clear();
  });
  return { client, observer, ends, [Symbol.dispose]: () => owned.dispose() };
}

test('a slow read ends before the next one begins', async () => {
  using shown = shownQuery();
  const stale = new Set(['listBackups']);
  refreshStale(shown.client, stale, 'project');
  refreshStale(shown.client, stale, 'project');
  expect([shown.ends.length, [...stale]]).toEqual([1, ['listBackups']]);
  shown.ends[0]?.resolve('old');
  await expect.poll(() => shown.observer.getCurrentResult().data).toBe('old');
  refreshStale(shown.client, stale, 'project');
  expect([shown.ends.length, stale.size]).toEqual([2, 0]);
  shown.ends[1]?.resolve('new');
  await expect.poll(() => shown.observer.getCurrentResult().data).toBe('new');
});

test('a read that waits to be tried again begins at once', async () => {
  using shown = shownQuery(60_000);
  shown.ends[0]?.reject(new Error('the server is away'));
  await expect.poll(() => shown.observer.getCurrentResult().failureCount).toBe(1);
  const stale = new Set(['listBackups']);
  refreshStale(shown.client, stale, 'project');
  expect([shown.ends.length, stale.size]).toEqual([2, 0]);
  shown.ends[1]?.resolve('new');
  await expect.poll(() => shown.observer.getCurrentResult().data).toBe('new');
});

test('what another project shows is not read again', async () => {
  using shown = shownQuery();
  shown.ends[0]?.resolve('old');
  await expect.poll(() => shown.observer.getCurrentResult().data).toBe('old');
  refreshStale(shown.client, new Set(['listBackups']), 'other');
  expect(shown.ends.length).toBe(1);
});

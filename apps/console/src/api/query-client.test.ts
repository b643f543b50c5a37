import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { expect, test } from 'vitest';
import { previousOf } from './query-client.ts';

/** What is shown for a query that is being read, after one that was answered. */
function shownAfter(before: readonly unknown[], now: readonly unknown[], projectId: string): unknown {
  const client = new QueryClient();
  client.setQueryData(before, 'answer');
  const options = { enabled: false, placeholderData: previousOf(projectId) };
  const observer = new QueryObserver(client, { ...options, queryKey: before });
  observer.setOptions({ ...options, queryKey: now });
  return observer.getCurrentResult().data;
}

test('while other filters are read, the answer before stays', () => {
  expect(shownAfter(['listResources', 'a', { limit: 1 }], ['listResources', 'a', { limit: 2 }], 'a')).toBe('answer');
});

test('while another project is read, nothing of the project before stays', () => {
  expect(shownAfter(['listResources', 'a', {}], ['listResources', 'b', {}], 'b')).toBeUndefined();
});

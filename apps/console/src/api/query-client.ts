import { QueryClient } from '@tanstack/react-query';
import { failureOf } from './failure.ts';

/** Milliseconds for which an answer counts as fresh. Events of operations make it stale earlier. */
const freshMs = 10_000;
const firstWaitMs = 500;
const longestWaitMs = 15_000;

/**
 * Shows the answer of the filters before while those of now are read: `placeholderData: previousOf(projectId)`. The
 * answer of another project is not shown.
 */
export function previousOf(projectId: string) {
  return <Data>(data: Data | undefined, before: { readonly queryKey: readonly unknown[] } | undefined) =>
    before?.queryKey[1] === projectId ? data : undefined;
}

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: freshMs,
      // Until the server is there again: a page recovers by itself.
      retry: (_failures, thrown) => failureOf(thrown).passes,
      retryDelay: (failures) => Math.min(firstWaitMs * 2 ** failures, longestWaitMs),
      // The browser's idea of "online" is wrong for a server on this machine.
      networkMode: 'always',
    },
    mutations: { networkMode: 'always', retry: false },
  },
});

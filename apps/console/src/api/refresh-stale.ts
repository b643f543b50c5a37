import type { QueryClient } from '@tanstack/react-query';

/**
 * Reads the stale queries of a project again, by the name of their call, and takes these names from `stale`. A name
 * stays if it is being read: a slow read that begins again each time would never end. A read that has failed and waits
 * to be tried again does begin again.
 */
export function refreshStale(client: QueryClient, stale: Set<string>, projectId: string): void {
  for (const name of stale) {
    const queryKey = [name, projectId];
    const reading = client.isFetching({ queryKey, predicate: ({ state }) => state.fetchFailureCount === 0 });
    if (reading > 0) continue;
    stale.delete(name);
    void client.invalidateQueries({ queryKey });
  }
}

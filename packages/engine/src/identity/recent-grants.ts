import type { Clock } from '../clock.ts';
import type { BucketGrant, GrantStore } from './grants.ts';

/** So long work under way may still use what was taken away. */
const recentMs = 5_000;

/**
 * The grants of a project as they were some seconds ago at most: for work that makes many requests, each of which needs
 * them.
 */
export function recentGrants(
  store: Pick<GrantStore, 'listGrants'>,
  projectId: string,
  clock: Clock,
): () => Promise<readonly BucketGrant[]> {
  let listed: Promise<readonly BucketGrant[]> = Promise.resolve([]);
  let listedAtMs = Number.NEGATIVE_INFINITY;
  return () => {
    const nowMs = clock.monotonicMs();
    if (nowMs - listedAtMs >= recentMs) {
      listedAtMs = nowMs;
      listed = store.listGrants(projectId).catch((error: unknown) => {
        listedAtMs = Number.NEGATIVE_INFINITY;
        throw error;
      });
    }
    return listed;
  };
}

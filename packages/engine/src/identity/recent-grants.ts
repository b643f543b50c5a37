import type { BucketGrant } from '../catalogue/bucket-grant.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Clock } from '../clock.ts';

/** So long work under way may still use what was taken away. */
const recentMs = 5_000;

/**
 * The grants of a project as they were some seconds ago at most: for work that makes many requests, each of which needs
 * them.
 */
export function recentGrants(
  { grants }: { readonly grants: Pick<Catalogue['grants'], 'listGrants'> },
  projectId: string,
  clock: Clock,
): () => Promise<readonly BucketGrant[]> {
  let listed: Promise<readonly BucketGrant[]> = Promise.resolve([]);
  let listedAtMs = Number.NEGATIVE_INFINITY;
  return () => {
    const nowMs = clock.monotonicMs();
    if (nowMs - listedAtMs >= recentMs) {
      listedAtMs = nowMs;
      listed = grants.listGrants(projectId).catch((error: unknown) => {
        listedAtMs = Number.NEGATIVE_INFINITY;
        throw error;
      });
    }
    return listed;
  };
}

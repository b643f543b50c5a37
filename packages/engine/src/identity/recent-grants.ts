import type { BucketGrant } from '../catalogue/bucket-grant.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Clock } from '../clock.ts';

/** Time for which running work may still use a revoked grant, in milliseconds. */
const recentMs = 5_000;

/** Reads the grants of a project, at most 5 seconds old, for work that checks them on each of many requests. */
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

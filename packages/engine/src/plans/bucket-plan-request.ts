import type { Json } from '../catalogue/operation-records.ts';

/** What the plan of a bucket is asked to do, as its operation keeps it. */
export type BucketPlanRequest = { readonly prefix: string; readonly pathTemplate: string | null };

/** The request of a plan's operation: written by the call alone, so it has this shape. */
export function bucketPlanRequestOf(request: Json): BucketPlanRequest {
  return request as BucketPlanRequest;
}

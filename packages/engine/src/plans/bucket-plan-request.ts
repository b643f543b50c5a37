import type { Json } from '../catalogue/operation-records.ts';

/** The request of a bucket's plan, as its operation stores it. */
export type BucketPlanRequest = { readonly prefix: string; readonly pathTemplate: string | null };

/** Reads the request of a plan's operation. Only the call writes it, so it has this shape. */
export function bucketPlanRequestOf(request: Json): BucketPlanRequest {
  return request as BucketPlanRequest;
}

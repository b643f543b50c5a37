import type { BucketPlanItem } from '@backup-sync/contracts';
import type { NewOperation } from '../catalogue/operation-records.ts';
import { refuseUngranted } from '../imports/granted-places.ts';
import type { BucketPlanRequest } from '../plans/bucket-plan-request.ts';
import type { MutationHandler, QueryHandler } from './call-context.ts';
import { findingsPage } from './operations.ts';

/** Starts the plan of a bucket and returns the id of its operation. See plan-bucket.ts. */
export const startPlan: MutationHandler<'startPlan'> = async (context, input) => {
  const place = { bucketName: input.bucket_name, prefix: input.prefix };
  await refuseUngranted(context.services, input.project_id, [place]);
  const {
    work: { storedTimes, storage },
    world: { newId },
  } = context.services;
  const request: BucketPlanRequest = { prefix: input.prefix, pathTemplate: input.path_template ?? null };
  const id = newId();
  const operation: NewOperation = {
    id,
    projectId: input.project_id,
    kind: 'plan',
    parentOperationId: null,
    sourceId: null,
    storageUnitId: storage.id,
    bucketName: input.bucket_name,
    backupId: null,
    request,
    actor: { kind: context.caller.kind, name: context.caller.name },
    requestId: context.requestId,
    createdAtMs: await storedTimes.nowMs(),
    lane: 'mass',
  };
  await context.change('addOperation', operation);
  return { operation_id: id };
};

/** Returns a page of a plan's items, in the order of planning, while it runs or after. */
export const listPlanItems: QueryHandler<'listPlanItems'> = async (context, input) => {
  const { found, ...page } = await findingsPage(context, 'plan', input);
  // Only the plan writes these, so they have this shape.
  return { ...page, plan: found as unknown as BucketPlanItem[] };
};

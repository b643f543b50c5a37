import type { BucketPlanItem } from '@backup-sync/contracts';
import type { NewOperation } from '../catalogue/operation-records.ts';
import { abortAfter } from '../deadline.ts';
import { placeOfItem, refuseUngranted } from '../imports/granted-places.ts';
import { queueWork } from '../operations/queue-work.ts';
import type { BucketPlanRequest } from '../plans/bucket-plan-request.ts';
import { ForecastTally, sumRequests } from '../plans/forecast.ts';
import { planChains } from '../plans/plan-chains.ts';
import type { PlanServices } from '../services.ts';
import type { CallHandler, MutationHandler, QueryHandler } from './call-context.ts';
import { findingsPage } from './operations.ts';

/** What cannot be looked at in this time says so: clients and proxies give up after a minute without a byte. */
const timeMs = 45_000;

/**
 * Says what a sync of these items would do and cost, from the listings and the metadata that are not proved yet: all
 * that a sync reads but the block hashes. Changes nothing: no operation, no record, no proof.
 */
export const planSync: CallHandler<'planSync', PlanServices> = async (context, input) => {
  const { services } = context;
  await refuseUngranted(services, input.project_id, input.sync.map(placeOfItem));
  using deadline = abortAfter(timeMs);
  const chains = await planChains(services, { projectId: input.project_id, isRequest: true }, input.sync, {
    stopping: services.world.stopping,
    deadline: { signal: deadline.signal, detail: `a plan of a list looks for ${timeMs / 1000} seconds at most` },
  });
  const byId = new Map(chains.flatMap(({ items }) => items).map((item) => [item.backup_id, item]));
  const forecast = new ForecastTally(services.work.rateOf, services.work.chainsAtOnce);
  for (const { bucketName, cost } of chains) forecast.add({ bucketName, ...cost });
  const { lists, gets, bytesRead } = sumRequests(chains.map(({ requests }) => requests));
  return {
    plan: input.sync.flatMap((item) => byId.get(item.backup_id) ?? []),
    forecast: forecast.finish(),
    requests: { lists, gets, bytes_read: bytesRead },
  };
};

/** Starts the plan of a bucket; it is followed by the id of its operation. See plan-bucket.ts. */
export const startPlan: MutationHandler<'startPlan'> = async (context, input) => {
  const place = { bucketName: input.bucket_name, prefix: input.prefix };
  await refuseUngranted(context.services, input.project_id, [place]);
  const {
    work: { storedTimes, queue, storage },
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
  const lane = await context.change('addOperation', operation);
  queueWork(queue, [{ kind: 'operation', operation, lane, notBeforeMs: null }]);
  return { operation_id: id };
};

/** Pages through what a plan says of a bucket, in the order of planning, while it runs or after. */
export const listPlanItems: QueryHandler<'listPlanItems'> = async (context, input) => {
  const { found, ...page } = await findingsPage(context, 'plan', input);
  // Written by the plan alone, so they have this shape.
  return { ...page, plan: found as unknown as BucketPlanItem[] };
};

import type { NewTask } from '../../catalogue/task-port.ts';
import type { CallHandler } from '../../context.ts';
import { refuseUngranted } from '../backups/granted-places.ts';
import { queueTask } from '../queue-work.ts';
import type { BucketPlanRequest } from './bucket-plan-request.ts';

/** Starts the plan of a bucket; it is followed by the id of its operation. See plan-bucket.ts. */
export const startPlan: CallHandler<'startPlan'> = async (context, input) => {
  const place = { bucketName: input.bucket_name, prefix: input.prefix };
  await refuseUngranted(context.services, input.project_id, [place]);
  const { taskStore, storedTimes, newId, queue, storage } = context.services;
  const request: BucketPlanRequest = { prefix: input.prefix, pathTemplate: input.path_template ?? null };
  const id = newId();
  const task: NewTask = {
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
  const lane = await taskStore.addTask(task);
  queueTask(queue, { task, lane, notBeforeMs: null });
  return { operation_id: id };
};

import { z } from 'zod';
import { madeId, opaqueId, projectId, wireTime } from './fields.ts';
import { operationStatus } from './operation-log.ts';
import { reason } from './reason-code.ts';

/** What this system does. CBR's operation logs show `import` (as `sync`) and `delete`. */
export const operationKinds = ['import', 'delete', 'scan', 'verify'] as const;

/** Requests made to storage. */
export const requestCount = z
  .object({
    lists: z.int().meta({ description: 'LIST requests (pages).' }),
    gets: z.int(),
    bytes_read: z.int(),
  })
  .meta({ id: 'RequestCount' });

/** An operation of any kind, in this system's own form. */
export const operation = z
  .object({
    id: madeId,
    project_id: projectId,
    kind: z.enum(operationKinds),
    parent_operation_id: madeId.nullable(),
    status: operationStatus,
    bucket_name: z.string(),
    backup_id: opaqueId.nullable(),
    created_at: wireTime,
    started_at: wireTime.nullable(),
    ended_at: wireTime.nullable(),
    updated_at: wireTime,
    cancel_requested: z.boolean(),
    message: z.string().meta({ description: 'What happened, one sentence; empty until the end.' }),
    reason: reason.nullable(),
    progress: z.record(z.string(), z.number()).meta({ description: 'Counts so far, by name.' }),
    result: z.json().meta({ shown: {}, description: 'What came out; its shape is the kind’s; null until the end.' }),
    requests: requestCount.nullable(),
  })
  .meta({ id: 'Operation' });
export type Operation = z.infer<typeof operation>;

export const showOperationInput = z.object({ project_id: projectId, operation_id: madeId });
export const showOperationAnswer = z.object({ operation }).meta({ id: 'ShowOperationAnswer' });

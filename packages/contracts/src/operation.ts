import { z } from 'zod';
import { idPrefix, madeId, opaqueId, paging, projectId, queryList, wireTime } from './fields.ts';
import { operationStatus, operationStatuses, waitingForField } from './operation-log.ts';
import { reason } from './reason-code.ts';

/** Kinds of operations. Operation logs show only `import` and `source_run`, both as `sync`, and `delete`. */
export const operationKinds = ['import', 'delete', 'scan', 'source_run', 'verify', 'plan'] as const;
export const operationKind = z.enum(operationKinds).meta({ id: 'OperationKind' });
export type OperationKind = z.infer<typeof operationKind>;

/** Phases of a running scan. */
export const operationPhases = ['listing', 'importing'] as const;

/** Counts of requests made to storage. */
export const requestCount = z
  .object({
    lists: z.int().meta({ description: 'LIST requests (pages).' }),
    gets: z.int(),
    bytes_read: z.int(),
  })
  .meta({ id: 'RequestCount' });

/** An operation of any kind. */
export const operation = z
  .object({
    id: madeId,
    project_id: projectId,
    kind: operationKind,
    parent_operation_id: madeId.nullable(),
    status: operationStatus,
    phase: z.enum(operationPhases).nullable().meta({
      description: 'Phase of a running scan: listing, or waiting for the imports that it accepted. Null otherwise.',
    }),
    bucket_name: z.string(),
    backup_id: opaqueId.nullable(),
    backup_name: z.string().nullable().meta({ description: 'Name of the backup, for an import or deletion.' }),
    source_id: madeId.nullable().meta({ description: 'Source of a source run.' }),
    created_at: wireTime,
    started_at: wireTime.nullable(),
    ended_at: wireTime.nullable(),
    updated_at: wireTime,
    cancel_requested: z.boolean(),
    message: z.string().meta({
      description:
        'What happened, or which backup the operation waits for, in one sentence; empty until then. For a scan: set when its listing ends.',
    }),
    reason: reason.nullable().meta({
      description: 'Why the operation failed. For a scan that imports: the problem of the first backup in error.',
    }),
    waiting_for: waitingForField,
    progress: z.record(z.string(), z.number()).meta({ description: 'Counts so far, by name.' }),
    result: z
      .json()
      .meta({ shown: {}, description: 'Result, in a shape that depends on the kind; null until the end.' }),
    requests: requestCount.nullable(),
  })
  .meta({ id: 'Operation' });
export type Operation = z.infer<typeof operation>;

export const showOperationInput = z.object({ project_id: projectId, operation_id: madeId });
export const showOperationAnswer = z.object({ operation }).meta({ id: 'ShowOperationAnswer' });

/** Filters of the listing of operations of all kinds, newest first. */
export const listOperationsInput = z.object({
  project_id: projectId,
  kind: queryList(operationKinds).optional(),
  status: queryList(operationStatuses).optional(),
  id_prefix: idPrefix.optional(),
  backup_id: opaqueId.optional(),
  resource_id: opaqueId.optional(),
  ...paging,
});
export type OperationFilter = z.output<typeof listOperationsInput>;

export const listOperationsAnswer = z
  .object({ operations: z.array(operation), count: z.int(), limit: z.int(), offset: z.int() })
  .meta({ id: 'ListOperationsAnswer' });

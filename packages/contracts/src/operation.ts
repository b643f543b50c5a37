import { z } from 'zod';
import { idPrefix, madeId, opaqueId, paging, projectId, queryList, wireTime } from './fields.ts';
import { operationStatus, operationStatuses, waitingForField } from './operation-log.ts';
import { reason } from './reason-code.ts';

/** What this system does. CBR's operation logs show `import` and `source_run` (as `sync`), and `delete`. */
export const operationKinds = ['import', 'delete', 'scan', 'source_run', 'verify', 'plan'] as const;
export const operationKind = z.enum(operationKinds).meta({ id: 'OperationKind' });
export type OperationKind = z.infer<typeof operationKind>;

/** What a scan does while it runs. */
export const operationPhases = ['listing', 'importing'] as const;

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
    kind: operationKind,
    parent_operation_id: madeId.nullable(),
    status: operationStatus,
    phase: z.enum(operationPhases).nullable().meta({
      description: 'Of a running scan: listing, or waiting for the imports that it accepted. Null otherwise.',
    }),
    bucket_name: z.string(),
    backup_id: opaqueId.nullable(),
    backup_name: z.string().nullable().meta({ description: 'As an import or deletion has it.' }),
    source_id: madeId.nullable().meta({ description: 'Of a source run: the source.' }),
    created_at: wireTime,
    started_at: wireTime.nullable(),
    ended_at: wireTime.nullable(),
    updated_at: wireTime,
    cancel_requested: z.boolean(),
    message: z.string().meta({
      description:
        'What happened, or which backup it waits for, in one sentence; empty until then. Of a scan: since its listing ended.',
    }),
    reason: reason.nullable().meta({
      description: 'Why it failed. Of a scan that imports: what is the matter with the first backup in error.',
    }),
    waiting_for: waitingForField,
    progress: z.record(z.string(), z.number()).meta({ description: 'Counts so far, by name.' }),
    result: z.json().meta({ shown: {}, description: 'What came out; its shape is the kind’s; null until the end.' }),
    requests: requestCount.nullable(),
  })
  .meta({ id: 'Operation' });
export type Operation = z.infer<typeof operation>;

export const showOperationInput = z.object({ project_id: projectId, operation_id: madeId });
export const showOperationAnswer = z.object({ operation }).meta({ id: 'ShowOperationAnswer' });

/** Filters of the listing of all kinds. Newest first. */
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

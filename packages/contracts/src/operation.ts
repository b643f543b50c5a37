import { z } from 'zod';
import {
  backupId,
  idPrefix,
  madeId,
  operationId,
  ownProjectId,
  page,
  paging,
  projectId,
  queryList,
  resourceId,
  shown,
} from './fields.ts';
import { operationStatus, operationStatuses, operationTimes, requestCounts, waitingForField } from './operation-log.ts';
import { reason } from './reason-code.ts';

/** Kinds of operations. Operation logs show only `import` and `source_run`, both as `sync`, and `delete`. */
export const operationKinds = ['import', 'delete', 'scan', 'source_run', 'verify', 'plan'] as const;
export const operationKind = z.enum(operationKinds).meta({
  id: 'OperationKind',
  description:
    'Kind of the operation. import: recording one backup. delete: deleting a record. scan: finding backups in a bucket. ' +
    'source_run: a scan of a source. verify: proving a backup by reading its data. plan: planning a scan of a bucket.',
});
export type OperationKind = z.infer<typeof operationKind>;

/** Phases of a running scan. */
export const operationPhases = ['listing', 'importing'] as const;

export const requestCount = z
  .object(requestCounts)
  .meta({ id: 'RequestCount', description: 'Requests made to storage, without the retries of a single request.' });

export const operation = z
  .object({
    id: operationId,
    project_id: ownProjectId,
    kind: operationKind,
    parent_operation_id: madeId.nullable().meta({
      description: 'Id of the operation that started this one, e.g. the scan of an import; null if none did.',
    }),
    status: operationStatus,
    phase: z.enum(operationPhases).nullable().meta({
      description: 'Phase of a running scan: listing, or waiting for the imports that it accepted. Null otherwise.',
    }),
    bucket_name: shown.bucketName,
    backup_id: backupId
      .nullable()
      .meta({ description: 'Id of the backup, for an import, deletion or verification; null otherwise.' }),
    backup_name: z
      .string()
      .nullable()
      .meta({ description: 'Name of the backup, for an import or deletion; null otherwise.' }),
    source_id: madeId.nullable().meta({ description: 'Id of the source, for a source run; null otherwise.' }),
    ...operationTimes,
    cancel_requested: z.boolean().meta({ description: 'Whether somebody has cancelled the operation.' }),
    message: z.string().meta({
      description:
        'What happened, or which backup the operation waits for, in one sentence; empty until then. For a scan: set when its listing ends.',
    }),
    reason: reason.nullable().meta({
      description:
        'Why the operation failed; null otherwise. For a scan that imports: the problem of the first backup in error.',
    }),
    waiting_for: waitingForField,
    progress: z
      .record(z.string(), z.number())
      .meta({ description: 'Counts so far, by name, e.g. objects_listed; empty for an import or deletion.' }),
    result: z.json().meta({
      shown: {},
      description:
        'Result; null until the end, or if there is none. import and delete: outcome, level and time_contradiction. ' +
        'verify: backup_id, level, links, volume_bytes and volume_sha256. plan: objects, classes and forecast. ' +
        'scan and source_run: counts, by name.',
    }),
    requests: requestCount
      .nullable()
      .meta({ description: 'Requests made to storage for this operation; null until its first attempt has ended.' }),
  })
  .meta({ id: 'Operation', description: 'An operation of any kind.' });
export type Operation = z.infer<typeof operation>;

export const showOperationInput = z.object({ project_id: projectId, operation_id: operationId });
export const showOperationAnswer = z.object({ operation }).meta({ id: 'ShowOperationAnswer' });

/** Filters of the listing of operations of all kinds, newest first. */
export const listOperationsInput = z.object({
  project_id: projectId,
  kind: queryList(operationKinds).optional().meta({ description: 'Only operations of these kinds.' }),
  status: queryList(operationStatuses).optional().meta({ description: 'Only operations in these states.' }),
  id_prefix: idPrefix.optional(),
  backup_id: backupId.optional().meta({ description: 'Only operations on the backup with this id.' }),
  resource_id: resourceId
    .optional()
    .meta({ description: 'Only imports and deletions of backups of the resource with this id.' }),
  ...paging,
});
export type OperationFilter = z.output<typeof listOperationsInput>;

export const listOperationsAnswer = z
  .object({ operations: z.array(operation).meta({ description: 'Operations of this page, newest first.' }), ...page })
  .meta({ id: 'ListOperationsAnswer' });

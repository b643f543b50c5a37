import { z } from 'zod';
import { listBackupsAnswer, listBackupsInput, showBackupAnswer, showBackupInput, updateBackupInput } from './backup.ts';
import { projectId } from './fields.ts';
import type { OperationDefinition } from './operation-definition.ts';
import {
  listOperationLogsAnswer,
  listOperationLogsInput,
  showOperationLogAnswer,
  showOperationLogInput,
} from './operation-log.ts';
import { syncCheckpointAnswer, syncCheckpointInput } from './source.ts';
import { syncBackupsAnswer, syncBackupsRequest } from './sync.ts';

/** What CBR has, at CBR's paths. */
export const cbrOperations = {
  syncBackups: {
    summary: 'Bring backups that lie in storage into the catalogue',
    kind: 'mutation',
    role: 'operator',
    method: 'POST',
    path: '/v3/{project_id}/backups/sync',
    successStatus: 200,
    input: syncBackupsRequest.extend({ project_id: projectId }),
    output: syncBackupsAnswer,
    refusals: ['bucket_not_bound', 'backlog_full'],
  },
  syncCheckpoint: {
    summary: 'Bring in everything in the storage of a vault: a source is what a vault is there',
    kind: 'mutation',
    role: 'operator',
    method: 'POST',
    path: '/v3/{project_id}/checkpoints/sync',
    successStatus: 200,
    input: syncCheckpointInput,
    output: syncCheckpointAnswer,
    refusals: ['source_not_found', 'bucket_not_bound'],
  },
  listBackups: {
    summary: 'List the backups of the catalogue',
    kind: 'query',
    role: 'reader',
    method: 'GET',
    path: '/v3/{project_id}/backups',
    successStatus: 200,
    input: listBackupsInput,
    output: listBackupsAnswer,
  },
  showBackup: {
    summary: 'Show a backup of the catalogue',
    kind: 'query',
    role: 'reader',
    method: 'GET',
    path: '/v3/{project_id}/backups/{backup_id}',
    successStatus: 200,
    input: showBackupInput,
    output: showBackupAnswer,
    refusals: ['backup_not_found'],
  },
  updateBackup: {
    summary: 'Rename a backup: the name stays until a sync request brings another than the request before it',
    kind: 'mutation',
    role: 'operator',
    method: 'PUT',
    path: '/v3/{project_id}/backups/{backup_id}',
    successStatus: 200,
    input: updateBackupInput,
    output: showBackupAnswer,
    refusals: ['backup_not_found'],
  },
  deleteBackup: {
    summary: 'Forget a backup: the record goes, the bucket is never touched',
    kind: 'mutation',
    role: 'operator',
    method: 'DELETE',
    path: '/v3/{project_id}/backups/{backup_id}',
    successStatus: 204,
    input: showBackupInput,
    output: z.void(),
    refusals: ['backup_not_found', 'backup_busy'],
  },
  listOperationLogs: {
    summary: 'List operation logs, newest first',
    kind: 'query',
    role: 'reader',
    method: 'GET',
    path: '/v3/{project_id}/operation-logs',
    successStatus: 200,
    input: listOperationLogsInput,
    output: listOperationLogsAnswer,
  },
  showOperationLog: {
    summary: 'Show an operation log',
    kind: 'query',
    role: 'reader',
    method: 'GET',
    path: '/v3/{project_id}/operation-logs/{operation_log_id}',
    successStatus: 200,
    input: showOperationLogInput,
    output: showOperationLogAnswer,
    refusals: ['operation_log_not_found'],
  },
} as const satisfies Record<string, OperationDefinition>;

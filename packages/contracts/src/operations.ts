import { z } from 'zod';
import {
  createAccessKeyAnswer,
  createAccessKeyInput,
  disableAccessKeyAnswer,
  disableAccessKeyInput,
  listAccessKeysAnswer,
  listAccessKeysInput,
} from './access-key.ts';
import { listAuditEventsAnswer, listAuditEventsInput } from './audit.ts';
import { listBackupsAnswer, listBackupsInput, showBackupAnswer, showBackupInput } from './backup.ts';
import { bucketGrantInput, grantBucketAnswer, listBucketGrantsAnswer, listBucketGrantsInput } from './bucket-grant.ts';
import type { ErrorCode } from './error-code.ts';
import { projectId } from './fields.ts';
import type { Role } from './identity.ts';
import { listOperationsAnswer, listOperationsInput, showOperationAnswer, showOperationInput } from './operation.ts';
import { operationEvent, watchOperationsInput } from './operation-event.ts';
import {
  listOperationLogsAnswer,
  listOperationLogsInput,
  showOperationLogAnswer,
  showOperationLogInput,
} from './operation-log.ts';
import {
  listPlanItemsAnswer,
  listPlanItemsInput,
  planSyncAnswer,
  planSyncRequest,
  startPlanAnswer,
  startPlanInput,
} from './plan.ts';
import { createProjectAnswer, createProjectInput, listProjectsAnswer, listProjectsInput } from './project.ts';
import { listScanFindingsAnswer, listScanFindingsInput, startScanAnswer, startScanInput } from './scan.ts';
import {
  addSourceInput,
  listSourcesAnswer,
  listSourcesInput,
  showSourceAnswer,
  showSourceInput,
  sourceAnswer,
  syncCheckpointAnswer,
  syncCheckpointInput,
} from './source.ts';
import { importBackupsRequest, syncBackupsAnswer, syncBackupsRequest } from './sync.ts';
import {
  createUserInput,
  grantRoleInput,
  listUsersAnswer,
  listUsersInput,
  revokeRoleInput,
  setUserPasswordInput,
  userAnswer,
  userInput,
} from './user.ts';
import { verifyBackupAnswer, verifyBackupInput } from './verify.ts';

/** One operation, as every door offers it. */
export type OperationDefinition = {
  readonly summary: string;
  /** `query` reads, `mutation` changes, `stream` goes on answering: over REST as server-sent events. */
  readonly kind: 'query' | 'mutation' | 'stream';
  /** The least role that may call it. */
  readonly role: Role;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Path in REST; `{name}` is a field of the input. */
  readonly path: `/${string}`;
  readonly successStatus: 200 | 204;
  /** One flat object: what the path does not carry is the query of a GET or DELETE, else the body. */
  readonly input: z.ZodObject<{ project_id: typeof projectId } & z.ZodRawShape>;
  /** The answer's body, of a stream that of each event; `void` where there is none. */
  readonly output: z.ZodType;
  /** Why it may be refused beside what every call may be refused for. */
  readonly refusals?: readonly ErrorCode[];
};

/**
 * The one table of operations. The engine implements it; REST routes, tRPC procedures, OpenAPI, the client and
 * the checks of who may do what are derived from it.
 */
export const operations = {
  syncBackups: {
    summary: 'Bring backups that lie in storage into the catalogue',
    kind: 'mutation',
    role: 'operator',
    method: 'POST',
    path: '/v3/{project_id}/backups/sync',
    successStatus: 200,
    input: syncBackupsRequest.extend({ project_id: projectId }),
    output: syncBackupsAnswer,
    refusals: ['bucket_not_bound'],
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
  verifyBackup: {
    summary: 'Prove a backup by reading what is stored of its chain',
    kind: 'mutation',
    role: 'operator',
    method: 'POST',
    path: '/v1/projects/{project_id}/backups/{backup_id}/verifications',
    successStatus: 200,
    input: verifyBackupInput,
    output: verifyBackupAnswer,
    refusals: ['backup_not_found'],
  },
  importBackups: {
    summary: 'Bring backups into the catalogue, with their missing ancestors where asked for',
    kind: 'mutation',
    role: 'operator',
    method: 'POST',
    path: '/v1/projects/{project_id}/imports',
    successStatus: 200,
    input: importBackupsRequest.extend({ project_id: projectId }),
    output: syncBackupsAnswer,
    refusals: ['bucket_not_bound'],
  },
  planSync: {
    summary: 'Say what a sync would do, and what it would cost; nothing is changed',
    // It reads, but a list of items does not fit an address.
    kind: 'query',
    // It makes requests to storage.
    role: 'operator',
    method: 'POST',
    path: '/v1/projects/{project_id}/plan',
    successStatus: 200,
    input: planSyncRequest.extend({ project_id: projectId }),
    output: planSyncAnswer,
    refusals: ['bucket_not_bound'],
  },
  startPlan: {
    summary:
      'Say what a scan that brings in would do in a bucket, and what it would cost; an operation that is followed',
    kind: 'mutation',
    role: 'operator',
    method: 'POST',
    path: '/v1/projects/{project_id}/plans',
    successStatus: 200,
    input: startPlanInput,
    output: startPlanAnswer,
    refusals: ['bucket_not_bound'],
  },
  listPlanItems: {
    summary: 'Page through what the plan of a bucket says, while it runs or after',
    kind: 'query',
    role: 'reader',
    method: 'GET',
    path: '/v1/projects/{project_id}/plans/{operation_id}/items',
    successStatus: 200,
    input: listPlanItemsInput,
    output: listPlanItemsAnswer,
    refusals: ['operation_not_found'],
  },
  listOperations: {
    summary: 'List operations of all kinds, newest first',
    kind: 'query',
    role: 'reader',
    method: 'GET',
    path: '/v1/projects/{project_id}/operations',
    successStatus: 200,
    input: listOperationsInput,
    output: listOperationsAnswer,
    refusals: ['operation_not_found'],
  },
  showOperation: {
    summary: 'Show an operation of any kind, with its progress',
    kind: 'query',
    role: 'reader',
    method: 'GET',
    path: '/v1/projects/{project_id}/operations/{operation_id}',
    successStatus: 200,
    input: showOperationInput,
    output: showOperationAnswer,
    refusals: ['operation_not_found'],
  },
  watchOperations: {
    summary: 'Follow operations: every transition as an event, resumed by its id',
    kind: 'stream',
    role: 'reader',
    method: 'GET',
    path: '/v1/projects/{project_id}/operation-events',
    successStatus: 200,
    input: watchOperationsInput,
    output: operationEvent,
    refusals: ['events_gone'],
  },
  cancelOperation: {
    summary: 'Ask a scan, plan or verification to stop; it ends failed, cancelled',
    kind: 'mutation',
    role: 'operator',
    method: 'POST',
    path: '/v1/projects/{project_id}/operations/{operation_id}/cancel',
    successStatus: 200,
    input: showOperationInput,
    output: showOperationAnswer,
    refusals: ['operation_not_found'],
  },
  startScan: {
    summary: 'Find the backups that lie in a bucket; an operation that is followed',
    kind: 'mutation',
    role: 'operator',
    method: 'POST',
    path: '/v1/projects/{project_id}/scans',
    successStatus: 200,
    input: startScanInput,
    output: startScanAnswer,
    refusals: ['bucket_not_bound'],
  },
  listScanFindings: {
    summary: 'Page through what a scan has found, while it runs or after',
    kind: 'query',
    role: 'reader',
    method: 'GET',
    path: '/v1/projects/{project_id}/scans/{operation_id}/findings',
    successStatus: 200,
    input: listScanFindingsInput,
    output: listScanFindingsAnswer,
    refusals: ['operation_not_found'],
  },
  addSource: {
    summary: 'Watch a bucket: what is new in it is brought in',
    kind: 'mutation',
    role: 'operator',
    method: 'POST',
    path: '/v1/projects/{project_id}/sources',
    successStatus: 200,
    input: addSourceInput,
    output: sourceAnswer,
    refusals: ['bucket_not_bound', 'source_name_taken'],
  },
  listSources: {
    summary: 'List the sources',
    kind: 'query',
    role: 'reader',
    method: 'GET',
    path: '/v1/projects/{project_id}/sources',
    successStatus: 200,
    input: listSourcesInput,
    output: listSourcesAnswer,
  },
  showSource: {
    summary: 'Show a source: its newest proved backup of each resource, and what waits to be confirmed',
    kind: 'query',
    role: 'reader',
    method: 'GET',
    path: '/v1/projects/{project_id}/sources/{source_id}',
    successStatus: 200,
    input: showSourceInput,
    output: showSourceAnswer,
    refusals: ['source_not_found'],
  },
  scanSource: {
    summary: 'Run a source now; answers the run that is under way where there is one',
    kind: 'mutation',
    role: 'operator',
    method: 'POST',
    path: '/v1/projects/{project_id}/sources/{source_id}/scan',
    successStatus: 200,
    input: showSourceInput,
    output: startScanAnswer,
    refusals: ['source_not_found', 'bucket_not_bound'],
  },
  pauseSource: {
    summary: 'Let a source run by hand alone',
    kind: 'mutation',
    role: 'operator',
    method: 'POST',
    path: '/v1/projects/{project_id}/sources/{source_id}/pause',
    successStatus: 200,
    input: showSourceInput,
    output: sourceAnswer,
    refusals: ['source_not_found'],
  },
  resumeSource: {
    summary: 'Let a source run by its interval again',
    kind: 'mutation',
    role: 'operator',
    method: 'POST',
    path: '/v1/projects/{project_id}/sources/{source_id}/resume',
    successStatus: 200,
    input: showSourceInput,
    output: sourceAnswer,
    refusals: ['source_not_found'],
  },
  confirmSource: {
    summary: 'Confirm the removals that a source holds back: a run marks those that are still gone',
    kind: 'mutation',
    role: 'operator',
    method: 'POST',
    path: '/v1/projects/{project_id}/sources/{source_id}/confirm',
    successStatus: 200,
    input: showSourceInput,
    output: startScanAnswer,
    refusals: ['source_not_found', 'source_not_held', 'backup_busy', 'bucket_not_bound'],
  },
  removeSource: {
    summary: 'Remove a source; its records stay',
    kind: 'mutation',
    role: 'operator',
    method: 'DELETE',
    path: '/v1/projects/{project_id}/sources/{source_id}',
    successStatus: 204,
    input: showSourceInput,
    output: z.void(),
    refusals: ['source_not_found'],
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
  createUser: {
    summary: 'Make a user, who has no role yet',
    kind: 'mutation',
    role: 'administrator',
    method: 'POST',
    path: '/v1/projects/{project_id}/users',
    successStatus: 200,
    input: createUserInput,
    output: userAnswer,
    refusals: ['user_name_taken', 'identity_elsewhere'],
  },
  listUsers: {
    summary: 'List the users with their roles',
    kind: 'query',
    role: 'administrator',
    method: 'GET',
    path: '/v1/projects/{project_id}/users',
    successStatus: 200,
    input: listUsersInput,
    output: listUsersAnswer,
    refusals: ['identity_elsewhere'],
  },
  disableUser: {
    summary: 'Keep a user out; tokens end at once',
    kind: 'mutation',
    role: 'administrator',
    method: 'POST',
    path: '/v1/projects/{project_id}/users/{user_name}/disable',
    successStatus: 200,
    input: userInput,
    output: userAnswer,
    refusals: ['user_not_found', 'last_administrator', 'identity_elsewhere'],
  },
  enableUser: {
    summary: 'Let a user in again',
    kind: 'mutation',
    role: 'administrator',
    method: 'POST',
    path: '/v1/projects/{project_id}/users/{user_name}/enable',
    successStatus: 200,
    input: userInput,
    output: userAnswer,
    refusals: ['user_not_found', 'identity_elsewhere'],
  },
  setUserPassword: {
    summary: 'Give a user another password; tokens end at once',
    kind: 'mutation',
    role: 'administrator',
    method: 'POST',
    path: '/v1/projects/{project_id}/users/{user_name}/password',
    successStatus: 200,
    input: setUserPasswordInput,
    output: userAnswer,
    refusals: ['user_not_found', 'identity_elsewhere'],
  },
  removeUser: {
    summary: 'Remove a user with roles, tokens and access keys',
    kind: 'mutation',
    role: 'administrator',
    method: 'DELETE',
    path: '/v1/projects/{project_id}/users/{user_name}',
    successStatus: 204,
    input: userInput,
    output: z.void(),
    refusals: ['user_not_found', 'last_administrator', 'identity_elsewhere'],
  },
  grantRole: {
    summary: 'Give a user a role in a project',
    kind: 'mutation',
    role: 'administrator',
    method: 'POST',
    path: '/v1/projects/{project_id}/roles',
    successStatus: 200,
    input: grantRoleInput,
    output: userAnswer,
    refusals: ['user_not_found', 'project_not_found', 'last_administrator', 'identity_elsewhere'],
  },
  revokeRole: {
    summary: 'Take the role in a project from a user; tokens for it end at once',
    kind: 'mutation',
    role: 'administrator',
    method: 'DELETE',
    path: '/v1/projects/{project_id}/roles',
    successStatus: 204,
    input: revokeRoleInput,
    output: z.void(),
    refusals: ['user_not_found', 'role_not_found', 'last_administrator', 'identity_elsewhere'],
  },
  createProject: {
    summary: 'Make a project, which has no bucket yet',
    kind: 'mutation',
    role: 'administrator',
    method: 'POST',
    path: '/v1/projects/{project_id}/projects',
    successStatus: 200,
    input: createProjectInput,
    output: createProjectAnswer,
    refusals: ['project_name_taken', 'identity_elsewhere'],
  },
  listProjects: {
    summary: 'List the projects',
    kind: 'query',
    role: 'administrator',
    method: 'GET',
    path: '/v1/projects/{project_id}/projects',
    successStatus: 200,
    input: listProjectsInput,
    output: listProjectsAnswer,
    refusals: ['identity_elsewhere'],
  },
  grantBucket: {
    summary: 'Grant a project a bucket, or a folder of it',
    kind: 'mutation',
    role: 'administrator',
    method: 'POST',
    path: '/v1/projects/{project_id}/bucket-grants',
    successStatus: 200,
    input: bucketGrantInput,
    output: grantBucketAnswer,
    refusals: ['project_not_found'],
  },
  revokeBucket: {
    summary: 'Take a bucket from a project; records stay',
    kind: 'mutation',
    role: 'administrator',
    method: 'DELETE',
    path: '/v1/projects/{project_id}/bucket-grants',
    successStatus: 204,
    input: bucketGrantInput,
    output: z.void(),
    refusals: ['bucket_grant_not_found'],
  },
  listBucketGrants: {
    summary: 'List the buckets that projects may use',
    kind: 'query',
    role: 'reader',
    method: 'GET',
    path: '/v1/projects/{project_id}/bucket-grants',
    successStatus: 200,
    input: listBucketGrantsInput,
    output: listBucketGrantsAnswer,
  },
  createAccessKey: {
    summary: 'Make a key with which a user signs requests in a project',
    kind: 'mutation',
    role: 'administrator',
    method: 'POST',
    path: '/v1/projects/{project_id}/access-keys',
    successStatus: 200,
    input: createAccessKeyInput,
    output: createAccessKeyAnswer,
    refusals: ['user_not_found', 'role_not_found', 'identity_elsewhere'],
  },
  listAccessKeys: {
    summary: 'List the access keys',
    kind: 'query',
    role: 'administrator',
    method: 'GET',
    path: '/v1/projects/{project_id}/access-keys',
    successStatus: 200,
    input: listAccessKeysInput,
    output: listAccessKeysAnswer,
    refusals: ['identity_elsewhere'],
  },
  disableAccessKey: {
    summary: 'End an access key for good',
    kind: 'mutation',
    role: 'administrator',
    method: 'POST',
    path: '/v1/projects/{project_id}/access-keys/{access_key}/disable',
    successStatus: 200,
    input: disableAccessKeyInput,
    output: disableAccessKeyAnswer,
    refusals: ['access_key_not_found', 'identity_elsewhere'],
  },
  listAuditEvents: {
    summary: 'List who did what, from where and with what outcome',
    kind: 'query',
    role: 'administrator',
    method: 'GET',
    path: '/v1/projects/{project_id}/audit-events',
    successStatus: 200,
    input: listAuditEventsInput,
    output: listAuditEventsAnswer,
  },
} as const satisfies Record<string, OperationDefinition>;

export type OperationName = keyof typeof operations;
export const operationNames = Object.keys(operations) as OperationName[];

/** The operations that go on answering. */
export type StreamName = {
  [Name in OperationName]: (typeof operations)[Name]['kind'] extends 'stream' ? Name : never;
}[OperationName];

/** The operations that answer once. */
export type CallName = Exclude<OperationName, StreamName>;

export function isStream(name: OperationName): name is StreamName {
  return operations[name].kind === 'stream';
}

export const callNames = operationNames.filter((name) => !isStream(name)) as CallName[];
export const streamNames = operationNames.filter(isStream);

/** What a caller may write. */
export type OperationInput<Name extends OperationName> = z.input<(typeof operations)[Name]['input']>;
/** The input once checked, with defaults filled in. */
export type CheckedInput<Name extends OperationName> = z.output<(typeof operations)[Name]['input']>;
export type OperationOutput<Name extends OperationName> = z.output<(typeof operations)[Name]['output']>;

/** The names of the fields that a path carries. */
export function pathFields(path: string): string[] {
  return Array.from(path.matchAll(/\{(\w+)\}/g), (match) => match[1] as string);
}

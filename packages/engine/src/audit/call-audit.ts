import { BackupSyncError, type ErrorCode, errors, type OperationName, operations } from '@backup-sync/contracts';
import type { Caller } from '../context.ts';
import type { Services } from '../services.ts';
import type { AuditRecord } from './audit-log.ts';
import type { Origin } from './origin.ts';
import { subjectsOf } from './subjects.ts';

/** Refusals of what may be done, rather than of how it was asked for. */
const refusalsOfRight: ReadonlySet<ErrorCode> = new Set([
  'project_not_allowed',
  'role_not_allowed',
  'bucket_not_bound',
]);

type Call = {
  readonly name: OperationName;
  readonly caller: Caller;
  readonly requestId: string;
  readonly origin: Origin;
  /** As they came: not checked yet, where the call was refused. */
  readonly fields: unknown;
};

/**
 * Writes down what came of a call: of every mutation, and of a query or stream that the caller had no right
 * to. `came` is what it answered, or what was thrown.
 */
export async function auditCall(
  { auditLog, clock, newId }: Pick<Services, 'auditLog' | 'clock' | 'newId'>,
  { name, caller, requestId, origin, fields }: Call,
  came: { readonly answer: unknown } | { readonly error: unknown },
): Promise<void> {
  const errorCode = 'answer' in came ? null : came.error instanceof BackupSyncError ? came.error.code : 'internal';
  const isRefusalOfRight = errorCode !== null && refusalsOfRight.has(errorCode);
  if (operations[name].kind !== 'mutation' && !isRefusalOfRight) return;
  await auditLog.append({
    id: newId(),
    atMs: clock.nowMs(),
    projectId: caller.projectId,
    actor: { kind: caller.kind, name: caller.name },
    operation: name,
    subjects: subjectsOf(fields, 'answer' in came ? came.answer : undefined),
    ...origin,
    outcome: outcomeOf(errorCode),
    errorCode,
    requestId,
  });
}

/** What the service could not do, against what it would not. */
export function outcomeOf(errorCode: ErrorCode | null): AuditRecord['outcome'] {
  if (errorCode === null) return 'done';
  return errors[errorCode].httpStatus >= 500 ? 'failed' : 'refused';
}

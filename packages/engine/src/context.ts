import {
  BackupSyncError,
  type CheckedInput,
  type OperationName,
  type OperationOutput,
  operations,
  type Role,
  roleAllows,
} from '@backup-sync/contracts';
import type { Services } from './services.ts';

/** Who calls: a user with a token, or this program's own operator on the machine. */
export type Caller = {
  readonly kind: 'user' | 'system';
  readonly name: string;
  /** The one project that the caller may act in. */
  readonly projectId: string;
  readonly role: Role;
};

/** What every verb gets beside its input. */
export type CallContext = {
  readonly services: Services;
  readonly caller: Caller;
  readonly requestId: string;
};

/** A verb: checked input of an authorised caller in, answer out. */
export type Verb<Name extends OperationName> = (
  context: CallContext,
  input: CheckedInput<Name>,
) => Promise<OperationOutput<Name>>;

/** Refuses a caller who may not do this, whatever the door. The engine asks before any verb runs. */
export function authorise(caller: Caller, operation: OperationName, projectId: unknown): void {
  if (caller.projectId !== projectId) {
    // Known or not: a caller learns nothing of other projects.
    throw new BackupSyncError('project_not_allowed', 'the credentials are not for this project');
  }
  const needed = operations[operation].role;
  if (!roleAllows(caller.role, needed)) {
    throw new BackupSyncError(
      'role_not_allowed',
      `${operation} needs the role ${needed}; the caller has ${caller.role}`,
    );
  }
}

import {
  BackupSyncError,
  type CallName,
  type CallOutput,
  type CheckedInput,
  calls,
  type Role,
  roleAllows,
  type StreamName,
  type UnaryCallName,
} from '@backup-sync/contracts';
import type { Services } from '../services.ts';

/** Who calls: a user with a token, or this program's own operator on the machine. */
export type Caller = {
  readonly kind: 'user' | 'system';
  readonly name: string;
  /** The one project that the caller may act in. */
  readonly projectId: string;
  readonly role: Role;
  /** When the token ends, milliseconds since 1970. Absent if the credentials do not end by themselves. */
  readonly expiresAtMs?: number;
};

/** What every verb gets beside its input. */
export type CallContext = {
  readonly services: Services;
  readonly caller: Caller;
  readonly requestId: string;
};

/** A verb: checked input of an authorised caller in, answer out. */
export type CallHandler<Name extends UnaryCallName> = (
  context: CallContext,
  input: CheckedInput<Name>,
) => Promise<CallOutput<Name>>;

/** What a stream goes on answering. */
export type StreamEvent<Name extends StreamName> = { readonly id: string; readonly data: CallOutput<Name> };

export type EventStream<Name extends StreamName> = {
  /** Where it begins: the id behind which the first event comes. */
  readonly start: string;
  /**
   * Events by the page, none of them empty. Ends only by throwing: the signal's reason, or why it cannot go on. Nothing
   * is read ahead of the reader but a page.
   */
  readonly pages: AsyncIterable<readonly StreamEvent<Name>[]>;
};

/** A verb that goes on answering until the signal is aborted. What it refuses, it refuses before the stream begins. */
export type StreamHandler<Name extends StreamName> = (
  context: CallContext & { readonly signal: AbortSignal },
  input: CheckedInput<Name>,
) => Promise<EventStream<Name>>;

/** Refuses a caller whose credentials are for another project. */
export function authoriseProject(caller: Caller, projectId: unknown): void {
  if (caller.projectId === projectId) return;
  // Known or not: a caller learns nothing of other projects.
  throw new BackupSyncError('project_not_allowed', 'the credentials are not for this project');
}

/** Refuses a caller who may not do this, whatever the door. The engine asks before any verb runs. */
export function authorise(caller: Caller, operation: CallName, projectId: unknown): void {
  authoriseProject(caller, projectId);
  const needed = calls[operation].role;
  if (!roleAllows(caller.role, needed)) {
    throw new BackupSyncError(
      'role_not_allowed',
      `${operation} needs the role ${needed}; the caller has ${caller.role}`,
    );
  }
}

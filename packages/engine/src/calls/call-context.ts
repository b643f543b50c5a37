import {
  BackupSyncError,
  type CallName,
  type CallOutput,
  type CheckedInput,
  calls,
  type MutationName,
  roleAllows,
  type StreamName,
  type UnaryCallName,
} from '@backup-sync/contracts';
import type { Caller } from '../caller.ts';
import type { Change } from '../catalogue/catalogue.ts';
import type { CallServices, QueryServices } from '../services.ts';

/** What every handler gets beside its input. */
export type CallContext<Available = CallServices> = {
  readonly services: Available;
  readonly caller: Caller;
  readonly requestId: string;
};

/** What is done for a call that reads: checked input of an authorised caller in, answer out. */
export type CallHandler<Name extends UnaryCallName, Available> = (
  context: CallContext<Available>,
  input: CheckedInput<Name>,
) => Promise<CallOutput<Name>>;

/** What the handler of a mutation gets beside its input. */
export type MutationContext<Available = CallServices> = CallContext<Available> & {
  /** By this alone a call changes something, once. */
  readonly change: Change;
};

/**
 * The same for a call that changes something. It changes it by one step, `change`, which the event of the call goes with;
 * what it reads before may be another by then, so the step looks again. The engine answers no mutation that was not
 * written down.
 */
export type MutationHandler<Name extends MutationName> = AnyHandler<Name, CallServices>;

/** As the engine calls them all; a handler of a query leaves `change` alone. */
type AnyHandler<Name extends UnaryCallName, Available> = (
  context: MutationContext<Available>,
  input: CheckedInput<Name>,
) => Promise<CallOutput<Name>>;

/** The same for a call that is answered from the catalogue alone. */
export type QueryHandler<Name extends UnaryCallName> = CallHandler<Name, QueryServices>;

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

/** What is done for a call that goes on answering until the signal is aborted. What it refuses, it refuses before the stream begins. */
export type StreamHandler<Name extends StreamName> = (
  context: CallContext<QueryServices> & { readonly signal: AbortSignal },
  input: CheckedInput<Name>,
) => Promise<EventStream<Name>>;

/** What is done, by the name of the call, for those that answer once. A query gets no step of the catalogue that writes. */
export type CallHandlers<Names extends UnaryCallName = UnaryCallName, Available = CallServices> = {
  readonly [Name in Names]: AnyHandler<
    Name,
    (typeof calls)[Name]['kind'] extends 'query' ? Omit<Available, 'catalogue'> & QueryServices : Available
  >;
};

/** What is done, by the name of the call, for those that go on answering. */
export type StreamHandlers = { readonly [Name in StreamName]: StreamHandler<Name> };

/** Refuses a caller whose credentials are for another project. */
export function authoriseProject(caller: Caller, projectId: unknown): void {
  if (caller.projectId === projectId) return;
  // Known or not: a caller learns nothing of other projects.
  throw new BackupSyncError('project_not_allowed', 'the credentials are not for this project');
}

/** Refuses a caller who may not do this, whatever the door. The engine asks before any handler runs. */
export function authorise(caller: Caller, name: CallName, projectId: unknown): void {
  authoriseProject(caller, projectId);
  const needed = calls[name].role;
  if (!roleAllows(caller.role, needed)) {
    throw new BackupSyncError('role_not_allowed', `${name} needs the role ${needed}; the caller has ${caller.role}`);
  }
}

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

/** The context that every handler gets along with its input. */
export type CallContext<Available = CallServices> = {
  readonly services: Available;
  readonly caller: Caller;
  readonly requestId: string;
};

/** Handles a call that is answered once: takes the checked input of an authorised caller, returns the answer. */
export type CallHandler<Name extends UnaryCallName, Available> = (
  context: CallContext<Available>,
  input: CheckedInput<Name>,
) => Promise<CallOutput<Name>>;

/** The context that the handler of a mutation gets along with its input. */
export type MutationContext<Available = CallServices> = CallContext<Available> & {
  /** The only way for a call to change something. It is used once. */
  readonly change: Change;
};

/**
 * Handles a mutation. It makes its change with one step, `change`, which also writes the audit event of the call. Data
 * it read before may have changed by then, so the step checks again. The engine answers no mutation that the audit
 * lacks.
 */
export type MutationHandler<Name extends MutationName> = AnyHandler<Name, CallServices>;

/** The type of every handler, as the engine calls it. The handler of a query does not use `change`. */
type AnyHandler<Name extends UnaryCallName, Available> = (
  context: MutationContext<Available>,
  input: CheckedInput<Name>,
) => Promise<CallOutput<Name>>;

/** Handles a query that needs only the catalogue. */
export type QueryHandler<Name extends UnaryCallName> = CallHandler<Name, QueryServices>;

/** One event of a stream. */
export type StreamEvent<Name extends StreamName> = { readonly id: string; readonly data: CallOutput<Name> };

export type EventStream<Name extends StreamName> = {
  /** The id after which the stream starts. */
  readonly start: string;
  /**
   * Pages of events, none of them empty. At most one page is read ahead of the reader. Ends only by throwing: the
   * signal's reason, or the error that prevents it from continuing.
   */
  readonly pages: AsyncIterable<readonly StreamEvent<Name>[]>;
};

/** Handles a call that streams events until the signal is aborted. Refusals are thrown before the stream starts. */
export type StreamHandler<Name extends StreamName> = (
  context: CallContext<QueryServices> & { readonly signal: AbortSignal },
  input: CheckedInput<Name>,
) => Promise<EventStream<Name>>;

/** Handlers of calls that are answered once, by name. The handler of a query gets no catalogue step that writes. */
export type CallHandlers<Names extends UnaryCallName = UnaryCallName, Available = CallServices> = {
  readonly [Name in Names]: AnyHandler<
    Name,
    (typeof calls)[Name]['kind'] extends 'query' ? Omit<Available, 'catalogue'> & QueryServices : Available
  >;
};

/** Handlers of streams, by the name of the call. */
export type StreamHandlers = { readonly [Name in StreamName]: StreamHandler<Name> };

/** Throws `project_not_allowed` if the caller's credentials are for another project. */
export function authoriseProject(caller: Caller, projectId: unknown): void {
  if (caller.projectId === projectId) return;
  // The same whether the project exists or not: a caller learns nothing about other projects.
  throw new BackupSyncError('project_not_allowed', 'the credentials are not for this project');
}

/**
 * Throws `project_not_allowed` or `role_not_allowed` if the caller may not use this call. The engine checks this for
 * every interface, before any handler runs.
 */
export function authorise(caller: Caller, name: CallName, projectId: unknown): void {
  authoriseProject(caller, projectId);
  const needed = calls[name].role;
  if (!roleAllows(caller.role, needed)) {
    throw new BackupSyncError('role_not_allowed', `${name} needs the role ${needed}; the caller has ${caller.role}`);
  }
}

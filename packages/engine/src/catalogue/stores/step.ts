import type { Kysely } from 'kysely';
import type { AuditSubject } from '../audit-records.ts';
import type { LockKind } from '../lock-kinds.ts';
import type { DueWork } from '../operation-records.ts';
import type { Schema } from '../schema.ts';

/** One atomic step. The driver runs it in a transaction, on a connection that can write or one that only reads. */
export type Step = {
  readonly access: 'read' | 'write';
  /**
   * Whether its duration grows with the number of records. Long reads run on a separate thread, so that short ones do
   * not wait.
   */
  readonly isLong?: true;
  /**
   * Whether its node is taken for dead if it is late. It waits for no lock, so drivers keep connections for it that
   * waiting steps cannot use up.
   */
  readonly isUrgent?: true;
  /**
   * The kinds of locks that it takes, see locks.ts. It takes no others. The project of a locked part is locked too, and
   * the whole project instead of very many parts.
   */
  readonly locks?: readonly LockKind[];
  /** How the step uses users, roles, projects, keys and grants: whether they must stay as they are, or it changes them. */
  readonly identity?: 'relied on' | 'changed';
  /** It changes nothing unless an operation runs under the epoch in its input, so it needs no fence. */
  readonly checksEpoch?: true;
  /** It may write events. */
  readonly notesTransitions?: true;
  /** Returns the work that is due after the step. The catalogue queues it, see `onDue` there. */
  readonly due?: (answer: never, input: never) => readonly DueWork[];
  /** Calls change something by this step, see {@link auditedStep}. */
  readonly audit?: StepAudit<never, never>;
  readonly run: (database: Kysely<Schema>, ...input: never[]) => Promise<unknown>;
};

/** Turns the answer of a step into the audit event of the call that asked for it. */
export type StepAudit<Input extends readonly unknown[], Output> = {
  /** Whether the step did what the call wanted. If not, the call is refused, and no event is written with the step. */
  readonly isDone: (answer: Output, input: Input) => boolean;
  /**
   * The ids of what the step created, which the input of the call does not name. `operation` is the name of the call.
   */
  readonly made?: (answer: Output, input: Input, operation: string) => readonly AuditSubject[];
};

/**
 * Makes a step that calls use to change something. If a call asks for it and the step does what the call wanted, the
 * driver writes the event of the call in the same transaction.
 */
export function auditedStep<Input extends readonly unknown[], Output>(
  run: (database: Kysely<Schema>, ...input: Input) => Promise<Output>,
  audit: StepAudit<Input, Output>,
) {
  return { access: 'write', run, audit } as const;
}

/** The arguments of a step after the database. */
export type InputOf<Of extends Step> = Parameters<Of['run']> extends [Kysely<Schema>, ...infer Input] ? Input : never;

/** The result type of a step. */
export type OutputOf<Of extends Step> = Awaited<ReturnType<Of['run']>>;

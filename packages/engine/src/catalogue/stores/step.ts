import type { Kysely } from 'kysely';
import type { AuditSubject } from '../audit-records.ts';
import type { Schema } from '../schema.ts';

/** One atomic step: run in a transaction of the driver's, by a connection that may write or by one that only reads. */
export type Step = {
  readonly access: 'read' | 'write';
  /** It takes longer the more is recorded. Long reads run on a thread of their own, so that short ones do not wait. */
  readonly isLong?: true;
  /** Events may be there after it. */
  readonly notesTransitions?: true;
  /** Calls change something by this step: see {@link auditedStep}. */
  readonly audit?: StepAudit<never, never>;
  readonly run: (database: Kysely<Schema>, ...input: never[]) => Promise<unknown>;
};

/** What the audit says of a call, as told by the answer of the step that the call has asked for. */
export type StepAudit<Input extends readonly unknown[], Output> = {
  /** Whether the step did what the call wanted. If it did not, the call is refused, and the step writes no event. */
  readonly isDone: (answer: Output, input: Input) => boolean;
  /** The ids of what the step made, which the input of the call does not name. `operation`: the name of the call. */
  readonly made?: (answer: Output, input: Input, operation: string) => readonly AuditSubject[];
};

/**
 * A step by which a call changes something. When it is asked for with the event of the call, the driver writes the event
 * in the same transaction, if the step did what the call wanted.
 */
export function auditedStep<Input extends readonly unknown[], Output>(
  run: (database: Kysely<Schema>, ...input: Input) => Promise<Output>,
  audit: StepAudit<Input, Output>,
) {
  return { access: 'write', run, audit } as const;
}

/** What a step takes beside the database. */
export type InputOf<Of extends Step> = Parameters<Of['run']> extends [Kysely<Schema>, ...infer Input] ? Input : never;

/** What a step answers. */
export type OutputOf<Of extends Step> = Awaited<ReturnType<Of['run']>>;

import type { Kysely } from 'kysely';
import type { Schema } from '../schema.ts';

/** One atomic step: run in a transaction of the driver's, by a connection that may write or by one that only reads. */
export type Step = {
  readonly access: 'read' | 'write';
  /** It takes longer the more is recorded. Long reads run on a thread of their own, so that short ones do not wait. */
  readonly isLong?: true;
  /** Events may be there after it. */
  readonly notesTransitions?: true;
  readonly run: (database: Kysely<Schema>, ...input: never[]) => Promise<unknown>;
};

/** What a step takes beside the database. */
export type InputOf<Of extends Step> = Parameters<Of['run']> extends [Kysely<Schema>, ...infer Input] ? Input : never;

/** What a step answers. */
export type OutputOf<Of extends Step> = Awaited<ReturnType<Of['run']>>;

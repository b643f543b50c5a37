import type { Kysely } from 'kysely';
import type { Schema } from '../schema.ts';
import { steps } from '../steps.ts';
import type { Connection } from './connection.ts';
import { describeError, type StepAnswer, type StepRequest } from './messages.ts';

/** Runs one step in a transaction, so that all its queries see the same state. */
export async function runRead(connection: Connection, request: StepRequest): Promise<StepAnswer> {
  try {
    const value = await inTransaction(connection, 'BEGIN', () => runStep(connection, request));
    return { id: request.id, value };
  } catch (error) {
    return { id: request.id, error: describeError(error) };
  }
}

/**
 * Group commit: runs all steps in their order in one transaction, so that one sync of the disk serves them all.
 *
 * Each step has a savepoint: one that throws is undone alone, and answers its error. Where the transaction itself
 * fails, nothing was written, and all answer that.
 */
export async function runWrites(connection: Connection, requests: readonly StepRequest[]): Promise<StepAnswer[]> {
  try {
    return await inTransaction(connection, 'BEGIN IMMEDIATE', async () => {
      const answers: StepAnswer[] = [];
      for (const request of requests) answers.push(await runInSavepoint(connection, request));
      return answers;
    });
  } catch (error) {
    return requests.map(({ id }) => ({ id, error: describeError(error) }));
  }
}

async function runInSavepoint(connection: Connection, request: StepRequest): Promise<StepAnswer> {
  const { sqlite } = connection;
  sqlite.exec('SAVEPOINT step');
  try {
    const value = await runStep(connection, request);
    sqlite.exec('RELEASE step');
    return { id: request.id, value };
  } catch (error) {
    // After some faults (a full disk, say) SQLite has undone the whole transaction: then no step has happened.
    if (!sqlite.isTransaction) throw error;
    sqlite.exec('ROLLBACK TO step; RELEASE step');
    return { id: request.id, error: describeError(error) };
  }
}

async function inTransaction<Result>(
  { sqlite }: Connection,
  begin: 'BEGIN' | 'BEGIN IMMEDIATE',
  work: () => Promise<Result>,
): Promise<Result> {
  sqlite.exec(begin);
  try {
    const result = await work();
    sqlite.exec('COMMIT');
    return result;
  } catch (error) {
    if (sqlite.isTransaction) sqlite.exec('ROLLBACK');
    throw error;
  }
}

function runStep({ database }: Connection, { step, input }: StepRequest): Promise<unknown> {
  // The caller's types tied input and step together; a message between threads cannot say so.
  const run = steps[step].run as (database: Kysely<Schema>, ...input: readonly unknown[]) => Promise<unknown>;
  return run(database, ...input);
}

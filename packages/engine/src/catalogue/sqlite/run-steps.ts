import { dirname } from 'node:path';
import { runStep } from '../run-step.ts';
import { steps } from '../steps.ts';
import type { Connection } from './connection.ts';
import { orCatalogueFull } from './full-disk.ts';
import { describeError, type StepAnswer, type StepRequest, type ThrownError } from './messages.ts';

/**
 * Runs one step in a transaction, so that all its queries see the same state. Returns `DataDirectoryGoneError` if the
 * database is no longer at its path: the file that was read has been moved.
 */
export async function runRead(connection: Connection, request: StepRequest): Promise<StepAnswer> {
  try {
    const value = await inTransaction(connection, 'BEGIN', () => runStep(connection.database, request));
    connection.files.check();
    return { id: request.id, value };
  } catch (error) {
    return { id: request.id, error: describe(connection, error) };
  }
}

/**
 * Runs the requests of one connection: first the writing steps in one transaction, then each reading step. A read sees
 * every write that was requested before it, and succeeds even if the disk is too full for the writes.
 */
export async function runGroup(connection: Connection, requests: readonly StepRequest[]): Promise<StepAnswer[]> {
  const { read = [], write = [] } = Object.groupBy(requests, ({ step }) => steps[step].access);
  const answers = write.length === 0 ? [] : await runWrites(connection, write);
  for (const request of read) answers.push(await runRead(connection, request));
  return answers;
}

/**
 * Group commit: runs all steps in order in one transaction, so that one sync of the disk serves them all.
 *
 * Each step has a savepoint. If it throws, only this step is undone, with the event of its call, and its error is
 * returned. If the transaction itself fails, nothing was written, and all requests get that error: `CatalogueFullError`
 * if the disk is full. If the database is no longer at its path, all get `DataDirectoryGoneError`, because the writes
 * will not be found there.
 */
async function runWrites(connection: Connection, requests: readonly StepRequest[]): Promise<StepAnswer[]> {
  try {
    const answers = await inTransaction(connection, 'BEGIN IMMEDIATE', async () => {
      const answers: StepAnswer[] = [];
      for (const request of requests) answers.push(await runInSavepoint(connection, request));
      return answers;
    });
    connection.files.check();
    return answers;
  } catch (error) {
    return requests.map(({ id }) => ({ id, error: describe(connection, error) }));
  }
}

async function runInSavepoint(connection: Connection, request: StepRequest): Promise<StepAnswer> {
  const { sqlite } = connection;
  sqlite.exec('SAVEPOINT step');
  try {
    const value = await runStep(connection.database, request);
    sqlite.exec('RELEASE step');
    return { id: request.id, value };
  } catch (error) {
    // After some faults, such as a full disk, SQLite has undone the whole transaction: then no step has happened.
    if (!sqlite.isTransaction) throw error;
    sqlite.exec('ROLLBACK TO step; RELEASE step');
    return { id: request.id, error: describe(connection, error) };
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

function describe({ path }: Connection, error: unknown): ThrownError {
  return describeError(orCatalogueFull(error, dirname(path)));
}

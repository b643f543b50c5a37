import type { Kysely } from 'kysely';
import { differencesOf } from './differences.ts';
import { fixedQuery } from './fixed-query.ts';
import type { Schema } from './schema.ts';

/** The right to write for an operation: it runs under this epoch. */
export type Fence = { readonly operationId: string; readonly epoch: number };

/** The operation of a worker no longer runs under the worker's epoch. Nothing was written. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

/** Whether another worker may have the operation by now. Errors from another thread have only their name. */
export function isLeaseLost(error: unknown): boolean {
  return error instanceof Error && error.name === 'LeaseLostError';
}

/** Throws {@link LeaseLostError} unless the operation runs under this epoch. */
export async function checkFence(database: Kysely<Schema>, fence: Fence): Promise<void> {
  refuseUnlessRunning(fence, await runningAt.first(database, fence));
}

/**
 * Does the same at the end of a step, and lets nobody take the operation over before the transaction ends. Not earlier:
 * who takes it over may hold locks that the step waits for.
 */
export async function holdFence(database: Kysely<Schema>, fence: Fence): Promise<void> {
  if (differencesOf(database).guardRows === null) return;
  refuseUnlessRunning(fence, await guardedAt.first(database, fence));
}

const runningAt = fixedQuery((database, fence: Fence) => running(database, fence));

const guardedAt = fixedQuery((database, fence: Fence) => {
  const { guardRows } = differencesOf(database);
  if (guardRows === null) throw new TypeError('rows are guarded only where steps overlap');
  return guardRows(running(database, fence));
});

function running(database: Kysely<Schema>, { operationId, epoch }: Fence) {
  return database
    .selectFrom('operations')
    .where('id', '=', operationId)
    .where('status', '=', 'running')
    .where('epoch', '=', epoch)
    .select('id');
}

function refuseUnlessRunning({ operationId, epoch }: Fence, row: object | undefined): void {
  if (row === undefined) throw new LeaseLostError(`operation ${operationId} no longer runs under epoch ${epoch}`);
}

import type { Kysely } from 'kysely';
import type { DueChain, OperationRecord } from '../records.ts';
import type { Schema } from '../schema.ts';
import type { TaskRecord } from '../task-records.ts';
import { cancelImport } from './cancel-import.ts';
import { cancelTask } from './tasks.ts';

/** Cancels an operation of any kind but a deletion, which has ended when it begins. */
export async function cancelOperation(
  database: Kysely<Schema>,
  projectId: string,
  id: string,
  cancelledAtMs: number,
): Promise<{ readonly operation: OperationRecord | TaskRecord; readonly chains: readonly DueChain[] } | null> {
  const task = await cancelTask(database, projectId, id, cancelledAtMs);
  return task === null ? cancelImport(database, projectId, id, cancelledAtMs) : { operation: task, chains: [] };
}

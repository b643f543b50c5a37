import type { EndedOperation, Ends } from '../catalogue/operation-records.ts';
import type { JobQueue } from '../queue/port.ts';
import { queueWork } from './queue-work.ts';

/**
 * Handles operations that have ended, of any kind and project. A killed process may not have called it for some of
 * them, so an engine must catch up on its work at the start.
 */
export type EndListener = (ended: readonly EndedOperation[]) => Promise<void>;

/** The part of `Work` that `afterEnd` needs. */
type WorkAfterEnd = { readonly queue: JobQueue; readonly endListeners: readonly EndListener[] };

/**
 * Queues the work that may continue now that operations have ended, and notifies the engine's listeners. Every end of
 * an operation, whatever its cause, comes here.
 *
 * Runs that waited for these operations need nothing here: they end in the step that ends the last one. After a kill,
 * all waiting work is queued at the next start.
 */
export async function afterEnd(
  { work: { queue, endListeners } }: { readonly work: WorkAfterEnd },
  { ended, due }: Ends,
): Promise<void> {
  queueWork(queue, due);
  if (ended.length === 0) return;
  for (const listener of endListeners) await listener(ended);
}

import type { EndedOperation, Ends } from '../catalogue/operation-records.ts';
import type { JobQueue } from '../queue/port.ts';
import { queueWork } from './queue-work.ts';

/**
 * Does something about operations that have ended, of any kind and project. A killed process may never have told it of
 * some, so whatever it does must be caught up with when an engine starts.
 */
export type EndListener = (ended: readonly EndedOperation[]) => Promise<void>;

/** What of `Work` is needed for that. */
type WorkAfterEnd = { readonly queue: JobQueue; readonly endListeners: readonly EndListener[] };

/**
 * Does what follows when operations have ended, however they did: the one place where that happens. What may go on is
 * queued, and the listeners that the engine was composed with are told.
 *
 * The runs that waited for these operations are no longer of concern here: they end in the step that ends the last one.
 * After a kill, all that waits is queued at the next start.
 */
export async function afterEnd(
  { work: { queue, endListeners } }: { readonly work: WorkAfterEnd },
  { ended, due }: Ends,
): Promise<void> {
  queueWork(queue, due);
  if (ended.length === 0) return;
  for (const listener of endListeners) await listener(ended);
}

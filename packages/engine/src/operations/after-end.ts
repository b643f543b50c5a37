import type { EndedOperation } from '../catalogue/operation-records.ts';

/**
 * Handles operations that have ended, of any kind and project. A killed process may not have called it for some of
 * them, so an engine must catch up on its work at the start.
 */
export type EndListener = (ended: readonly EndedOperation[]) => Promise<void>;

/**
 * Notifies the engine's listeners of operations that have ended. Every end of an operation, whatever its cause, comes
 * here.
 *
 * Runs that waited for these operations need nothing here: they end in the step that ends the last one. The catalogue
 * queues the work that may continue.
 */
export async function afterEnd(
  { work: { endListeners } }: { readonly work: { readonly endListeners: readonly EndListener[] } },
  ended: readonly EndedOperation[],
): Promise<void> {
  if (ended.length === 0) return;
  for (const listener of endListeners) await listener(ended);
}

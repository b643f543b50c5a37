import type { Catalogue } from '../catalogue/catalogue.ts';
import type { ChainKey } from '../catalogue/operation-records.ts';

const looksEveryMs = 1_000;

/**
 * A signal that is aborted within a second after a running import of the chain is cancelled. Disposing stops watching.
 */
export function watchCancels(
  { operations }: Pick<Catalogue, 'operations'>,
  chain: ChainKey,
  onFault: (error: unknown) => void,
): Disposable & { readonly signal: AbortSignal } {
  const cancelled = new AbortController();
  const look = async () => {
    const ids = await operations.cancelledImports(chain);
    if (ids.length > 0) cancelled.abort(new Error('imports of the chain were cancelled'));
  };
  const timer = setInterval(() => {
    look().catch(onFault);
  }, looksEveryMs);
  return { signal: cancelled.signal, [Symbol.dispose]: () => clearInterval(timer) };
}

import type { Catalogue, ChainKey } from '../catalogue/port.ts';

const looksEveryMs = 1_000;

/** A signal that is aborted within a second once a running import of the chain is cancelled. Disposing ends the looks. */
export function watchCancels(
  catalogue: Pick<Catalogue, 'cancelledImports'>,
  chain: ChainKey,
  onFault: (error: unknown) => void,
): Disposable & { readonly signal: AbortSignal } {
  const cancelled = new AbortController();
  const look = async () => {
    const ids = await catalogue.cancelledImports(chain);
    if (ids.length > 0) cancelled.abort(new Error('imports of the chain were cancelled'));
  };
  const timer = setInterval(() => {
    look().catch(onFault);
  }, looksEveryMs);
  return { signal: cancelled.signal, [Symbol.dispose]: () => clearInterval(timer) };
}

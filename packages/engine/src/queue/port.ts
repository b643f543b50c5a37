import type { ChainKey } from '../catalogue/port.ts';

/**
 * Sees to it that chains with waiting operations are worked on.
 *
 * A job only points at rows: the durable truth is in the catalogue, and a queue may lose everything at a crash. One
 * chain is worked on by one job at a time; a chain added while it runs runs once more after. Work that throws is tried
 * again, later and later, until it succeeds or the queue is disposed.
 */
export interface ChainQueue extends AsyncDisposable {
  add(chain: ChainKey): void;
}

/** What a queue runs for a chain. Stops early when the signal is aborted, leaving the rest to the next start. */
export type ChainWork = (chain: ChainKey, signal: AbortSignal) => Promise<void>;

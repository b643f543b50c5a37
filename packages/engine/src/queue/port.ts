import type { ChainKey } from '../catalogue/port.ts';
import type { TaskKind } from '../catalogue/task-port.ts';

/** What there is to do: it only points at rows. */
export type Job =
  | { readonly kind: 'chain'; readonly chain: ChainKey }
  | { readonly kind: 'task'; readonly taskKind: TaskKind; readonly taskId: string };

/**
 * Sees to it that what waits in the catalogue is worked on.
 *
 * The durable truth is in the catalogue, and a queue may lose everything at a crash. One chain or task is worked on by
 * one job at a time; a job added while it runs runs once more after. Work that throws is tried again, later and later,
 * until it succeeds or the queue is disposed. Verifications are worked on one after the other: each takes all cores,
 * and one of the same chain finds what the one before it has read.
 */
export interface JobQueue extends AsyncDisposable {
  add(job: Job): void;
}

/** What a queue runs for a job. Stops early when the signal is aborted, leaving the rest to the next start. */
export type JobWork = (job: Job, signal: AbortSignal) => Promise<void>;

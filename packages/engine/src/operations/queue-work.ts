import type { DueChain } from '../catalogue/records.ts';
import type { DueTask } from '../catalogue/task-records.ts';
import type { JobQueue } from '../queue/port.ts';

/** Sees to it that chains are worked on, each in its lane and at its time: whatever yields chains ends here. */
export function queueChains(queue: JobQueue, chains: readonly DueChain[]): void {
  for (const due of chains) queue.add({ kind: 'chain', ...due });
}

/** Likewise for a task. */
export function queueTask(queue: JobQueue, due: DueTask): void {
  queue.add({ kind: 'task', ...due });
}

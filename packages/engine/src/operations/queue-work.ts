import type { DueWork } from '../catalogue/operation-records.ts';
import type { JobQueue } from '../queue/port.ts';

/** Sees to it that chains and single operations are worked on, each in its lane and at its time. */
export function queueWork(queue: JobQueue, due: readonly DueWork[]): void {
  for (const work of due) queue.add(work);
}

import type { DueWork } from '../catalogue/operation-records.ts';
import type { JobQueue } from '../queue/port.ts';

/** Queues chains and single operations, each in its lane and for its time. */
export function queueWork(queue: JobQueue, due: readonly DueWork[]): void {
  for (const work of due) queue.add(work);
}

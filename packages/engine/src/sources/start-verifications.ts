import { queueTask } from '../operations/queue-work.ts';
import type { CallServices } from '../services.ts';

/** Verifications of a source that are accepted and have not ended: the next are chosen as these end. */
const atOnce = 4;

/**
 * Accepts verifications of what a source brought in and has not proved to a level that reads data, or has proved too
 * long ago, as children of its newest run. `runId` is any run of it; nothing happens where it is no run of a source.
 */
export async function startVerifications(
  { catalogue, work: { storedTimes, queue }, world: { newId } }: CallServices,
  runId: string,
): Promise<void> {
  const ids = Array.from({ length: atOnce }, () => newId());
  const started = await catalogue.sourceRuns.startVerifications({ runId, ids, createdAtMs: await storedTimes.nowMs() });
  for (const { task } of started) queueTask(queue, { task, lane: 'mass', notBeforeMs: null });
}

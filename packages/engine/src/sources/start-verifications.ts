import type { EndedOperation } from '../catalogue/operation-records.ts';
import { isCatalogueFault } from '../catalogue-refusal.ts';
import { queueWork } from '../operations/queue-work.ts';
import type { Services } from '../services.ts';

/** Verifications of a source that are accepted and have not ended: the next are chosen as these end. */
const atOnce = 4;

/**
 * Accepts verifications of what a source brought in and has not proved to a level that reads data, or has proved too
 * long ago, as children of its newest run. `runId` is any run of it; nothing happens if it is no run of a source.
 */
export async function startVerifications(
  { catalogue, work: { storedTimes, queue }, world: { newId } }: Services,
  runId: string,
): Promise<void> {
  const ids = Array.from({ length: atOnce }, () => newId());
  const started = await catalogue.sourceRuns.startVerifications({ runId, ids, createdAtMs: await storedTimes.nowMs() });
  queueWork(
    queue,
    started.map(({ operation }) => ({ kind: 'operation', operation, lane: 'mass', notBeforeMs: null })),
  );
}

/** An import may have brought in something to verify, and a verification that has ended makes room for the next. */
export async function verifyAfterEnd(services: Services, ended: readonly EndedOperation[]): Promise<void> {
  const parents = new Set(ended.map(({ parentOperationId }) => parentOperationId));
  for (const parent of parents) if (parent !== null) await startVerifications(services, parent);
}

/**
 * Catches up with what a process that was killed has not started after an end. Leaves it to the next end or start if the
 * disk is full: an engine that changes nothing can start all the same, and answer questions.
 */
export async function startForgottenVerifications(services: Services): Promise<void> {
  try {
    for (const runId of await services.catalogue.sourceRuns.runsToVerify()) await startVerifications(services, runId);
  } catch (error) {
    if (!isCatalogueFault(error)) throw error;
  }
}

import type { EndedOperation } from '../catalogue/operation-records.ts';
import { isCatalogueFault } from '../catalogue-refusal.ts';
import type { Services } from '../services.ts';

/** Maximum number of unfinished verifications of a source. The next are chosen as these end. */
const atOnce = 4;

/**
 * Accepts verifications of a source's members that are not proved to its level, or were proved too long ago. They
 * become children of the source's newest run. Does nothing if the level of the source does not read data. `runId` is
 * any of its runs; for another operation nothing happens.
 */
export async function startVerifications(
  { catalogue, work: { storedTimes }, world: { newId } }: Services,
  runId: string,
): Promise<void> {
  const ids = Array.from({ length: atOnce }, () => newId());
  await catalogue.sourceRuns.startVerifications({ runId, ids, createdAtMs: await storedTimes.nowMs() });
}

/** Starts verifications after an end: an import may have added a backup to verify, a verification has made room. */
export async function verifyAfterEnd(services: Services, ended: readonly EndedOperation[]): Promise<void> {
  const parents = new Set(ended.map(({ parentOperationId }) => parentOperationId));
  for (const parent of parents) if (parent !== null) await startVerifications(services, parent);
}

/**
 * Starts the verifications that a killed process did not start after an end. If the catalogue cannot be written, leaves
 * them to the next end or start: with a full disk the engine can still start and answer queries.
 */
export async function startForgottenVerifications(services: Services): Promise<void> {
  try {
    for (const runId of await services.catalogue.sourceRuns.runsToVerify()) await startVerifications(services, runId);
  } catch (error) {
    if (!isCatalogueFault(error)) throw error;
  }
}

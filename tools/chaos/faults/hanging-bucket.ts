import { availableParallelism } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { hasEnded, showOperationAnswer, syncBackupsAnswer } from '../../../packages/contracts/src/index.ts';
import { type KnownBackup, writeFullBackups } from '../backups.ts';
import { syncBatch } from '../clients.ts';
import { shown } from '../report.ts';
import type { Scene } from '../scene.ts';
import { type Fault, missingNothing } from './fault.ts';

/** Twice as many chains as the engine works on at once. */
const hangingChains = 4 * availableParallelism();
/** Time that healthy backups may take: this, and three times what they took before, for slow machines. */
const endWithinMs = 4000;
/** Time within which they end if no bucket hangs. */
const usuallyEndWithinMs = 20_000;
const lookEveryMs = 50;
const betweenSyncsMs = 1000;

/** One bucket never answers, and more chains wait for it than there are places. The other buckets are not affected. */
export const hangingBucket: Fault = {
  kind: 'hang',
  missing: missingNothing,
  async run(scene) {
    const { world, seed, outageMs } = scene;
    const hanging = writeFullBackups(`${seed}-hanging`, hangingChains, 'silent', world.buckets);
    const syncs = Math.max(1, Math.floor(outageMs / (2 * betweenSyncsMs)));
    const healthy = writeFullBackups(`${seed}-healthy`, 3 * (syncs + 1), 'volumes', world.buckets);
    for (const backup of [...hanging, ...healthy]) world.backups.set(backup.item.backup_id, backup);
    await world.gate.store(world.buckets);
    const usualMs = await syncThree(scene, healthy.slice(0, 3), usuallyEndWithinMs);
    await world.gate.takeAway('hang', 'silent');
    const deadlineMs = performance.now() + outageMs;
    await syncBatch(scene, hanging);
    while (world.gate.heldCount === 0 && performance.now() < deadlineMs) await pause(lookEveryMs);
    let slowestMs = 0;
    for (let first = 3; first < healthy.length; first += 3) {
      const tookMs = await syncThree(scene, healthy.slice(first, first + 3), endWithinMs + 3 * usualMs);
      slowestMs = Math.max(slowestMs, tookMs);
      await pause(betweenSyncsMs);
    }
    await pause(Math.max(0, deadlineMs - performance.now()));
    await world.gate.giveBack();
    return `${hangingChains} chains, three healthy ones ended within ${shownS(slowestMs)} s, ${shownS(usualMs)} s before`;
  },
};

const shownS = (ms: number) => (ms / 1000).toFixed(1);

/** Syncs three backups. Returns the milliseconds until the last one ended. */
async function syncThree(
  { world, ledger, report }: Scene,
  three: readonly KnownBackup[],
  withinMs: number,
): Promise<number> {
  const startedAtMs = performance.now();
  const body = { sync: three.map(({ item }) => item) };
  const answer = await world.calls.call('POST', 'v3', '/backups/sync', body);
  const accepted = syncBackupsAnswer.safeParse(answer?.body).data?.sync;
  if (accepted === undefined) {
    report.broken(
      'a hanging bucket does not prevent that others are accepted',
      `${answer?.status} ${shown(answer?.body)}`,
    );
    return 0;
  }
  ledger.noteSync(answer?.body);
  for (const { operation_log_id: id } of accepted) {
    while (!(await hasOperationEnded(world, id))) {
      if (performance.now() - startedAtMs > withinMs) {
        report.broken('a hanging bucket does not delay others', `${id} has not ended after ${Math.round(withinMs)} ms`);
        return performance.now() - startedAtMs;
      }
      await pause(lookEveryMs);
    }
  }
  return performance.now() - startedAtMs;
}

async function hasOperationEnded(world: Scene['world'], id: string): Promise<boolean> {
  const answer = await world.calls.call('GET', 'v1', `/operations/${id}`);
  const operation = showOperationAnswer.safeParse(answer?.body).data?.operation;
  return operation !== undefined && hasEnded(operation.status);
}

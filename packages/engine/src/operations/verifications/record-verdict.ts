import type { BackupSync } from '@backup-sync/contracts';
import type { BackupRecord } from '../../catalogue/port.ts';
import type { EdgeProof, Examination } from '../../chain/link.ts';
import { type Decision, decideSync } from '../backups/decide-sync.ts';
import { queueChains } from '../queue-work.ts';
import type { TaskRun } from '../tasks/run-task.ts';

/** What a sync would do with what was found, before anything is written down. */
export function decideExamination(
  run: TaskRun,
  item: BackupSync,
  record: BackupRecord,
  examination: Examination,
): Decision {
  const seen = { kind: 'seen', examination } as const;
  return decideSync(item, run.task.projectId, record.location, record, seen, run.services.clock.nowMs(), false);
}

/**
 * Writes down what was found of a backup, as a sync would, and answers what it came to. Decides anew where the record
 * changed meanwhile. Of the proofs it leaves out those that are written down already. `volumeSha256` is of a replay.
 */
export async function recordExamination(
  run: TaskRun,
  item: BackupSync,
  first: BackupRecord,
  examination: Examination,
  written: ReadonlySet<EdgeProof> = new Set(),
  volumeSha256: string | null = null,
): Promise<Decision> {
  let current: BackupRecord | null = first;
  while (true) {
    const seen = { kind: 'seen', examination, volumeSha256 } as const;
    const nowMs = run.services.clock.nowMs();
    const decision = decideSync(item, run.task.projectId, first.location, current, seen, nowMs, false);
    const { record } = decision;
    const proofs = decision.proofs.filter((proof) => !written.has(proof));
    if (await recordVerdict(run, item.backup_id, current, record, proofs)) return decision;
    current = await run.services.catalogue.showBackup(run.task.projectId, item.backup_id);
  }
}

/** Writes down one proof at once, whatever becomes of the rest. */
export async function recordProof(run: TaskRun, backupId: string, proof: EdgeProof): Promise<void> {
  while (true) {
    const current = await run.services.catalogue.showBackup(run.task.projectId, backupId);
    if (await recordVerdict(run, backupId, current, null, [proof])) return;
  }
}

/** False if the record changed meanwhile. What builds on the backup is examined if its state changes. */
async function recordVerdict(
  { services, task }: TaskRun,
  backupId: string,
  decidedOn: BackupRecord | null,
  record: Decision['record'],
  proofs: readonly EdgeProof[],
): Promise<boolean> {
  const chains = await services.catalogue.recordVerdict({
    operationId: task.id,
    projectId: task.projectId,
    backupId,
    decidedOnRevision: decidedOn?.revision ?? null,
    record,
    proofs,
    endedAtMs: services.clock.nowMs(),
  });
  queueChains(services.queue, chains ?? []);
  return chains !== null;
}

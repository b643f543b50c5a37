import type { BackupRecord } from '../catalogue/backup-records.ts';
import { itemOfRecord } from '../catalogue/item-of-record.ts';
import { type EdgeProof, type Examination, isSameLocation } from '../chain/proof/link.ts';
import { type Decision, decideSync, type Seen } from '../imports/decide-sync.ts';
import { queueWork } from '../operations/queue-work.ts';
import type { OperationRun } from '../operations/run-operation.ts';

/** What a sync would do with what was found, before anything is written down. */
export function decideExamination(run: OperationRun, record: BackupRecord, examination: Examination): Decision {
  return decideOn(run, record, { kind: 'seen', examination });
}

/**
 * Writes down what was found of a backup, as a sync would, and answers what it came to. Decides anew where the record
 * changed meanwhile: one that was deleted, or is of another place by now, is left alone. Of the proofs it leaves out those
 * that are written down already. `volumeSha256` is of a replay.
 */
export async function recordExamination(
  run: OperationRun,
  first: BackupRecord,
  examination: Examination,
  written: ReadonlySet<EdgeProof> = new Set(),
  volumeSha256: string | null = null,
): Promise<Decision> {
  const seen = { kind: 'seen', examination, volumeSha256 } as const;
  let current: BackupRecord | null = first;
  while (true) {
    const isMeant: boolean = current !== null && isSameLocation(current.location, first.location);
    const decision = decideOn(run, isMeant && current !== null ? current : first, seen);
    const record = isMeant ? decision.record : null;
    const proofs = decision.proofs.filter((proof) => !written.has(proof));
    if (await recordVerdict(run, first.backupId, current, record, proofs)) return decision;
    current = await run.services.catalogue.backups.showBackup(run.operation.projectId, first.backupId);
  }
}

/** By the names that the record has: whatever a request has called the backup since the verification began, stays. */
function decideOn(run: OperationRun, record: BackupRecord, seen: Extract<Seen, { kind: 'seen' }>): Decision {
  const { operation, services } = run;
  const item = itemOfRecord(record);
  return decideSync(item, operation.projectId, record.location, record, seen, services.world.clock.nowMs(), false);
}

/** Writes down one proof at once, whatever becomes of the rest. */
export async function recordProof(run: OperationRun, backupId: string, proof: EdgeProof): Promise<void> {
  while (true) {
    const current = await run.services.catalogue.backups.showBackup(run.operation.projectId, backupId);
    if (await recordVerdict(run, backupId, current, null, [proof])) return;
  }
}

/** False if the record changed meanwhile. What builds on the backup is examined if its state changes. */
async function recordVerdict(
  { services, operation }: OperationRun,
  backupId: string,
  decidedOn: BackupRecord | null,
  record: Decision['record'],
  proofs: readonly EdgeProof[],
): Promise<boolean> {
  const chains = await services.catalogue.backups.recordVerdict({
    operationId: operation.id,
    projectId: operation.projectId,
    backupId,
    decidedOnRevision: decidedOn?.revision ?? null,
    record,
    proofs,
    endedAtMs: services.world.clock.nowMs(),
  });
  queueWork(services.work.queue, chains ?? []);
  return chains !== null;
}

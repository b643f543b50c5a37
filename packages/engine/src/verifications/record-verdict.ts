import type { BackupRecord, Decision, ReplayResult, Verdict } from '../catalogue/backup-records.ts';
import { itemOfRecord } from '../catalogue/item-of-record.ts';
import { type EdgeProof, type Examination, type Fault, isSameLocation } from '../chain/proof/link.ts';
import { decideExamined, decideNothing } from '../imports/decide-sync.ts';
import { meterProofs } from '../meter.ts';
import type { OperationRun } from '../operations/run-operation.ts';

const outdated: Fault = {
  code: 'changed_while_read',
  detail: 'another operation recorded a newer state of the backup',
};

/**
 * Decides what a sync would do with an examination, without writing it. Uses the names of the record: a name that a
 * request has set since the verification began stays.
 */
export function decideVerdict(
  { operation, services }: OperationRun,
  record: BackupRecord,
  examination: Examination,
  replayed: ReplayResult | null = null,
): Decision {
  const subject = {
    item: itemOfRecord(record),
    projectId: operation.projectId,
    location: record.location,
    current: record,
    isRequest: false,
    nowMs: services.world.clock.nowMs(),
  };
  return decideExamined(subject, examination, replayed);
}

/**
 * Decides as a sync would about an examined backup, writes the decision, and returns it. If the record has changed
 * meanwhile, decides again. If others have judged the backup otherwise meanwhile, writes only the proofs of its
 * ancestors and returns `changed_while_read`. A record that was deleted or has moved is not changed. Proofs already in
 * `written` are not written again. `replayed` is what a replay gave.
 */
export async function recordExamination(
  run: OperationRun,
  first: BackupRecord,
  examination: Examination,
  written: ReadonlySet<EdgeProof> = new Set(),
  replayed: ReplayResult | null = null,
): Promise<Decision> {
  let current: BackupRecord | null = first;
  while (true) {
    const isMeant: boolean = current !== null && isSameLocation(current.location, first.location);
    const decidedOn = isMeant && current !== null ? current : first;
    const decision = isOutdated(examination, first, decidedOn)
      ? {
          ...decideNothing(outdated),
          proofs: examination.newProofs.filter((proof) => proof.backupId !== first.backupId),
        }
      : decideVerdict(run, decidedOn, examination, replayed);
    const record = isMeant ? decision.record : null;
    const proofs = decision.proofs.filter((proof) => !written.has(proof));
    if (await recordVerdict(run, first.backupId, current, { record, proofs })) return decision;
    current = await run.services.catalogue.backups.showBackup(run.operation.projectId, first.backupId);
  }
}

/**
 * Whether others have judged the backup since the examination began: from another listing, or as broken although this
 * examination finds it whole. Their verdict is newer than the listing of this examination.
 */
function isOutdated({ listing, fault }: Examination, first: BackupRecord, current: BackupRecord): boolean {
  const seen = current.listing.digest;
  if (seen !== first.listing.digest && seen !== listing.digest) return true;
  if (fault !== null || current.fault === null) return false;
  return current.fault.code !== first.fault?.code || current.fault.detail !== first.fault.detail;
}

/** Writes one proof immediately, whatever happens to the rest. */
export async function recordProof(run: OperationRun, backupId: string, proof: EdgeProof): Promise<void> {
  while (true) {
    const current = await run.services.catalogue.backups.showBackup(run.operation.projectId, backupId);
    if (await recordVerdict(run, backupId, current, { record: null, proofs: [proof] })) return;
  }
}

/**
 * Writes a verdict. Returns false if the record changed meanwhile. If its state changes, imports of its dependants are
 * accepted.
 */
async function recordVerdict(
  { services, operation }: OperationRun,
  backupId: string,
  decidedOn: BackupRecord | null,
  verdict: Pick<Verdict, 'record' | 'proofs'>,
): Promise<boolean> {
  const chains = await services.catalogue.backups.recordVerdict({
    operationId: operation.id,
    projectId: operation.projectId,
    backupId,
    decidedOnRevision: decidedOn?.revision ?? null,
    ...verdict,
    endedAtMs: services.world.clock.nowMs(),
  });
  if (chains === null) return false;
  meterProofs(services.world.meter, verdict.proofs);
  return true;
}

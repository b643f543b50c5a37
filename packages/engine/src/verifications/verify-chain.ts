import { lowerLevel, type VerificationLevel, type VerifyResult } from '@backup-sync/contracts';
import type { BackupRecord, Decision } from '../catalogue/backup-records.ts';
import { itemOfRecord } from '../catalogue/item-of-record.ts';
import type { ChainData } from '../chain/data.ts';
import type { ChainExaminer } from '../chain/format.ts';
import { chainRootOf } from '../chain/formats/chain-root.ts';
import { isOfAccess } from '../chain/proof/lasting-fault.ts';
import { type EdgeProof, type Examination, type Fault, isSameLocation } from '../chain/proof/link.ts';
import { ReadFault } from '../chain/proof/read-fault.ts';
import { type Replay, replayChain } from '../chain/replay/replay-chain.ts';
import type { ReadingThreads } from '../chain/threads/storage-threads.ts';
import type { OperationOutcome, OperationRun } from '../operations/run-operation.ts';
import { healAncestors } from './heal-ancestors.ts';
import { openExaminer } from './open-examiner.ts';
import { type LinksRead, readLinks } from './read-links.ts';
import { decideVerdict, recordExamination, recordProof } from './record-verdict.ts';
import { verifyRequestOf } from './verify-request.ts';

const unknownFormat = 'there is nothing to compare its data with';

/**
 * Verifies a chain: proves it as a sync would, then reads the stored data, link by link, full backup first. The data is
 * always read again, since no listing shows when data decays. Each link is recorded as soon as it is read. An
 * interrupted run continues after the last proved link, and within a link after the last proved object. Ancestors in
 * error whose data is right become available again.
 */
export async function verifyChain(run: OperationRun, threads: ReadingThreads): Promise<OperationOutcome> {
  const { operation } = run;
  const record = await claimChain(run);
  if (record === null) {
    return failed(
      { code: 'path_not_found', detail: 'the record was deleted after the verification was accepted' },
      operation.backupId ?? '',
    );
  }
  const item = itemOfRecord(record);
  const mismatches = new Map<string, EdgeProof>();
  const examiner = await openForData(run, record, mismatches, { reusesProofs: true });
  const examination = await examiner.examine(item);
  if (examination === null) {
    const place = `${record.location.bucketName}/${item.image_path}`;
    return failed({ code: 'path_not_found', detail: place }, record.backupId);
  }
  const unread = unreadOf(record, examination, mismatches);
  if (examination.fault !== null || examination.newProofs.length > 0) {
    const { fault, message } = await recordBeforeReading(run, record, examination, unread);
    // A sync would find it broken, or it is another backup than the recorded one: there is nothing to read.
    if (fault !== null) return failed(fault, record.backupId, message);
  }
  let data: ChainData | null;
  try {
    data = await examiner.openData(item);
  } catch (error) {
    if (!(error instanceof ReadFault)) throw error;
    return await concludeUnopened(run, record, error.fault);
  }
  if (data === null) return failed({ code: 'format_unknown', detail: unknownFormat }, record.backupId);
  return await verifyData(run, threads, record, { examination, unread }, data);
}

/**
 * Waits until no other verification reads the chain, then returns the record of the backup: a verification that waited
 * can use what the other has read. Null if the record was deleted.
 */
async function claimChain({ operation, services, claim }: OperationRun): Promise<BackupRecord | null> {
  const show = () => services.catalogue.backups.showBackup(operation.projectId, operation.backupId ?? '');
  const record = await show();
  if (record === null) return null;
  const { storageUnitId, bucketName, imagePath } = record.location;
  await claim(JSON.stringify([operation.projectId, storageUnitId, bucketName, chainRootOf(imagePath)]));
  return await show();
}

/** A chain, examined before its data is read. */
type ExaminedChain = {
  readonly examination: Examination;
  /** Its new proofs that are recorded only once the data of their links is read and right. */
  readonly unread: ReadonlySet<EdgeProof>;
};

/**
 * The new proofs that must not be recorded before the data is read: those that depend on it, and those that would hide
 * a recorded `content_mismatch` of the same listing. All of them if the record is in error and this examination finds no
 * fault, because the data may be what is broken.
 */
function unreadOf(
  record: BackupRecord,
  { newProofs, awaitingData, fault }: Examination,
  mismatches: ReadonlyMap<string, EdgeProof>,
): ReadonlySet<EdgeProof> {
  const hidesMismatch = (proof: EdgeProof) => {
    const mismatch = mismatches.get(proof.backupId);
    if (mismatch === undefined || proof.fault !== null) return false;
    return isSameLocation(mismatch.location, proof.location) && mismatch.listing.digest === proof.listing.digest;
  };
  const isBroken = record.status === 'error' && fault === null;
  return new Set(
    newProofs.filter((proof) => isBroken || awaitingData.includes(proof.backupId) || hidesMismatch(proof)),
  );
}

/** Records what is proved before the data is read. A broken record is not called whole yet. */
async function recordBeforeReading(
  run: OperationRun,
  record: BackupRecord,
  examination: Examination,
  unread: ReadonlySet<EdgeProof>,
): Promise<Decision> {
  const settled = examination.newProofs.filter((proof) => !unread.has(proof));
  if ((unread.size > 0 || record.status === 'error') && examination.fault === null) {
    const decision = decideVerdict(run, record, examination);
    if (decision.fault === null) {
      for (const proof of settled) await recordProof(run, record.backupId, proof);
      return decision;
    }
  }
  return await recordExamination(run, record, { ...examination, newProofs: settled });
}

/**
 * Ends a verification if the objects that locate the data cannot be read. If they have decayed, an earlier proof had
 * been reused. Examining again without proofs shows which link is at fault, and that is recorded.
 */
async function concludeUnopened(run: OperationRun, record: BackupRecord, fault: Fault): Promise<OperationOutcome> {
  if (isOfAccess(fault.code) || fault.code === 'changed_while_read') return failed(fault, record.backupId);
  const item = itemOfRecord(record);
  const mismatches = new Map<string, EdgeProof>();
  const examiner = await openForData(run, record, mismatches, { reusesProofs: false });
  const examination = await examiner.examine(item);
  if (examination === null || examination.fault === null) return failed(fault, record.backupId);
  const unread = unreadOf(record, examination, mismatches);
  const newProofs = examination.newProofs.filter((proof) => !unread.has(proof));
  const { fault: found, message } = await recordExamination(run, record, { ...examination, newProofs });
  return failed(found ?? fault, record.backupId, message);
}

/**
 * Opens a chain whose data is to be read. Reuses no recorded fault, because a fault in data may have been fixed without
 * a change in the listing. Adds each `content_mismatch` that it leaves out to `mismatches`.
 */
function openForData(
  run: OperationRun,
  { location: { bucketName, imagePath } }: BackupRecord,
  mismatches: Map<string, EdgeProof>,
  { reusesProofs }: { readonly reusesProofs: boolean },
): Promise<ChainExaminer> {
  const findProofs = async (backupIds: readonly string[]) => {
    const proofs = await run.services.catalogue.backups.findProofs(run.operation.projectId, backupIds);
    for (const proof of proofs) if (proof.fault?.code === 'content_mismatch') mismatches.set(proof.backupId, proof);
    return reusesProofs ? proofs.filter(({ fault }) => fault === null) : [];
  };
  return openExaminer(
    run,
    { bucketName },
    {
      imagePaths: [imagePath],
      findProofs,
      // A caller who wants the data read wants the hashes read too, however many.
      linkageMaxBytes: Number.POSITIVE_INFINITY,
      dataFollows: true,
    },
  );
}

async function verifyData(
  run: OperationRun,
  threads: ReadingThreads,
  record: BackupRecord,
  { examination, unread }: ExaminedChain,
  data: ChainData,
): Promise<OperationOutcome> {
  const { level: wanted, readAfterMs } = verifyRequestOf(run.operation.request);
  const kept = new Set<EdgeProof>();
  const keep = async (proof: EdgeProof) => {
    await recordProof(run, record.backupId, proof);
    kept.add(proof);
  };
  const read = await readLinks({ run, threads, examination, unread, readAfterMs, keep }, data);
  const isWhole = read.fault === null;
  const replay = isWhole && wanted === 'replay' ? await replayData(run, threads, data) : null;
  const verdict = verdictOf(run, record, read, replay);
  const found: Examination = {
    ...examination,
    fault: verdict.fault,
    level: recordLevel(record, examination, verdict),
    verifiedAtMs: run.services.world.clock.nowMs(),
    newProofs: verdict.proofs,
  };
  const decision = await recordExamination(run, record, found, kept, replay?.sha256 ?? null);
  await healAncestors(
    run,
    read.whole.filter(({ backupId }) => backupId !== record.backupId),
  );
  if (verdict.fault === null && decision.fault !== null) {
    return failed(decision.fault, record.backupId, decision.message);
  }
  const result: VerifyResult = {
    backup_id: record.backupId,
    level: verdict.level,
    links: data.links.length,
    volume_bytes: data.links.at(-1)?.volumeBytes ?? null,
    volume_sha256: replay?.sha256 ?? null,
  };
  const remark = examination.remark === null ? '' : ` (${examination.remark})`;
  const message = verdict.fault === null ? `proved to ${verdict.level}${remark}` : 'recorded with the reason';
  return { fault: verdict.fault, result, message };
}

function replayData(run: OperationRun, threads: ReadingThreads, data: ChainData): Promise<Replay> {
  return replayChain(data, {
    storage: run.storage,
    ...threads,
    sink: null,
    signal: run.signal,
    onProgress: ({ replayedBytes, volumeBytes }) =>
      run.report({ link: data.links.length, replayed_bytes: replayedBytes, volume_bytes: volumeBytes }),
  });
}

type DataVerdict = {
  /** Null if there is a fault. */
  readonly level: VerificationLevel | null;
  readonly fault: Fault | null;
  /** The proofs that this verification has made. */
  readonly proofs: readonly EdgeProof[];
};

function verdictOf(run: OperationRun, record: BackupRecord, read: LinksRead, replay: Replay | null): DataVerdict {
  const leaf = read.proofs.get(record.backupId);
  if (replay === null || leaf === undefined) {
    return { level: read.level, fault: read.fault, proofs: read.made };
  }
  const level = replay.fault !== null ? null : read.level === 'content' ? ('replay' as const) : read.level;
  const proof: EdgeProof = {
    ...leaf,
    level: level ?? leaf.level,
    fault: replay.fault,
    verifiedAtMs: run.services.world.clock.nowMs(),
  };
  return { level, fault: replay.fault, proofs: [...read.made, proof] };
}

/** The level to record. A replayed record keeps `replay` if it is only read again. */
function recordLevel(record: BackupRecord, examination: Examination, { fault, level, proofs }: DataVerdict) {
  if (fault !== null) return examination.level === null ? null : lowerLevel(examination.level, 'linkage');
  const leafIsNew = proofs.some(({ backupId }) => backupId === record.backupId);
  return record.level === 'replay' && level === 'content' && !leafIsNew ? 'replay' : (level ?? examination.level);
}

function failed(fault: Fault, backupId: string, message = 'nothing was recorded or changed'): OperationOutcome {
  const result: VerifyResult = { backup_id: backupId, level: null, links: 0, volume_bytes: null, volume_sha256: null };
  return { fault, result, message };
}

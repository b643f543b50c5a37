import { lowerLevel, type VerificationLevel, type VerifyResult } from '@backup-sync/contracts';
import type { BackupRecord, Decision } from '../catalogue/backup-records.ts';
import { itemOfRecord } from '../catalogue/item-of-record.ts';
import { Absences } from '../chain/absences.ts';
import type { ChainData } from '../chain/data.ts';
import { openChain } from '../chain/examiner.ts';
import type { ChainExaminer } from '../chain/format.ts';
import { chainRootOf } from '../chain/formats/chain-root.ts';
import { isOfAccess } from '../chain/proof/lasting-fault.ts';
import type { EdgeProof, Examination, Fault } from '../chain/proof/link.ts';
import { ReadFault } from '../chain/proof/read-fault.ts';
import { type Replay, replayChain } from '../chain/replay/replay-chain.ts';
import type { ReadingThreads } from '../chain/threads/storage-threads.ts';
import { findListings } from '../imports/find-listings.ts';
import type { OperationOutcome, OperationRun } from '../operations/run-operation.ts';
import { type LinksRead, readLinks } from './read-links.ts';
import { decideVerdict, recordExamination, recordProof } from './record-verdict.ts';
import { verifyRequestOf } from './verify-request.ts';

const unknownFormat = 'there is nothing to compare its data with';

/**
 * Verifies a chain: proves it as a sync would, then reads the stored data, link by link, full backup first. The data is
 * always read again, since no listing shows when data rots. Each link is recorded as soon as it is read. An interrupted
 * run continues after the last proved link, and within a link after the last proved object.
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
  const examiner = await openExaminer(run, record);
  const examination = await examiner.examine(item);
  if (examination === null) {
    const place = `${record.location.bucketName}/${item.image_path}`;
    return failed({ code: 'path_not_found', detail: place }, record.backupId);
  }
  if (examination.fault !== null || examination.newProofs.length > 0) {
    const { fault, message } = await recordBeforeReading(run, record, examination);
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
  return await verifyData(run, threads, record, examination, data);
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

/**
 * Records what is proved before the data is read. Proofs that depend on the data are not written yet. A broken record
 * is not called whole yet either: its data may be what is broken.
 */
async function recordBeforeReading(
  run: OperationRun,
  record: BackupRecord,
  examination: Examination,
): Promise<Decision> {
  const { awaitingData, fault, newProofs } = examination;
  const settled = newProofs.filter(({ backupId }) => !awaitingData.includes(backupId));
  const isBroken = record.status === 'error';
  if ((awaitingData.length > 0 || isBroken) && fault === null) {
    const decision = decideVerdict(run, record, examination);
    if (decision.fault === null) {
      if (!isBroken) for (const proof of settled) await recordProof(run, record.backupId, proof);
      return decision;
    }
  }
  return await recordExamination(run, record, { ...examination, newProofs: settled });
}

/**
 * Ends a verification if the objects that locate the data cannot be read. If they have rotted, an earlier proof had
 * been reused. Examining again without proofs shows which link is at fault, and that is recorded.
 */
async function concludeUnopened(run: OperationRun, record: BackupRecord, fault: Fault): Promise<OperationOutcome> {
  if (isOfAccess(fault.code) || fault.code === 'changed_while_read') return failed(fault, record.backupId);
  const item = itemOfRecord(record);
  const examiner = await openExaminer(run, record, { reusesProofs: false });
  const examination = await examiner.examine(item);
  if (examination === null || examination.fault === null) return failed(fault, record.backupId);
  const { fault: found, message } = await recordExamination(run, record, examination);
  return failed(found ?? fault, record.backupId, message);
}

function openExaminer(
  run: OperationRun,
  record: BackupRecord,
  { reusesProofs }: { readonly reusesProofs: boolean } = { reusesProofs: true },
): Promise<ChainExaminer> {
  const {
    catalogue,
    world: { clock },
  } = run.services;
  const { projectId } = run.operation;
  return openChain({
    storage: run.storage,
    bucketName: record.location.bucketName,
    imagePaths: [record.location.imagePath],
    // A fault in data may have been fixed without a change in the listing, so recorded faults are not reused.
    findProofs: async (backupIds) => {
      const proofs = reusesProofs ? await catalogue.backups.findProofs(projectId, backupIds) : [];
      return proofs.filter(({ fault }) => fault === null);
    },
    findListings: (backupIds) => findListings(run.services.catalogue, projectId, backupIds),
    provedListing: (backupId, location) => catalogue.backups.provedListing(projectId, backupId, location),
    locate: async (backupId) => (await catalogue.backups.locateBackup(projectId, backupId)).locations,
    projectBuckets: () => catalogue.backups.projectBuckets(projectId, run.storage.id),
    absences: new Absences(),
    // A caller who wants the data read wants the hashes read too, however many.
    linkageMaxBytes: Number.POSITIVE_INFINITY,
    readHashes: true,
    dataFollows: true,
    nowMs: () => clock.nowMs(),
    signal: run.signal,
  });
}

async function verifyData(
  run: OperationRun,
  threads: ReadingThreads,
  record: BackupRecord,
  examination: Examination,
  data: ChainData,
): Promise<OperationOutcome> {
  const { level: wanted, readAfterMs } = verifyRequestOf(run.operation.request);
  const kept = new Set<EdgeProof>();
  const keep = async (proof: EdgeProof) => {
    await recordProof(run, record.backupId, proof);
    kept.add(proof);
  };
  const read = await readLinks({ run, threads, examination, readAfterMs, keep }, data);
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
  await recordExamination(run, record, found, kept, replay?.sha256 ?? null);
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

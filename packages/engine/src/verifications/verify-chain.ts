import { lowerLevel, textOfFact, type VerificationLevel, type VerifyResult } from '@backup-sync/contracts';
import type { BackupRecord, Decision } from '../catalogue/backup-records.ts';
import { itemOfRecord } from '../catalogue/item-of-record.ts';
import { isCatalogueFault } from '../catalogue-refusal.ts';
import type { ChainData } from '../chain/data.ts';
import { chainRootOf } from '../chain/formats/chain-root.ts';
import { isOfAccess } from '../chain/proof/lasting-fault.ts';
import { type EdgeProof, type Examination, type Fault, isSameLocation } from '../chain/proof/link.ts';
import { ReadFault } from '../chain/proof/read-fault.ts';
import { abortAfter, OutOfTimeError, operationLivesMs } from '../deadline.ts';
import type { OperationOutcome, OperationRun } from '../operations/run-operation.ts';
import type { Cutting } from './cut-links.ts';
import { healAncestors } from './heal-ancestors.ts';
import { openForData } from './open-for-data.ts';
import { type LinksRead, ReadLinks } from './read-links.ts';
import { decideVerdict, recordExamination, recordProof } from './record-verdict.ts';
import { forgetOldObjects } from './remembered-objects.ts';
import { replayVolumes, type VolumesReplay } from './replay-volumes.ts';
import { type Sharing, shareReading } from './share-reading.ts';
import { verifyRequestOf } from './verify-request.ts';

/** How the data of verifications is read. */
export type VerificationOptions = Sharing & {
  readonly cutting: Cutting;
  /** Longest time for which a job reads data, in milliseconds. */
  readonly jobLivesMs: number;
};

/**
 * Verifies a chain: proves it as a sync would, then reads the stored data in parts, full backup first. Other workers may
 * read parts of it meanwhile. The data is always read again, since no listing shows when data decays. Each link is
 * recorded as soon as it and all links below it are read. An interrupted run continues with the parts that are not
 * read, each after its last proved object. Ancestors in error whose data is right become available again.
 *
 * A replay reads the whole volume once more, in the order of its bytes, because their SHA-256 cannot be computed in any
 * other. This is one piece of work: nobody helps, no job ends it, and an interrupted replay begins again. If the format
 * has nothing to compare a volume with, what it expands to is recorded, and the level stays.
 */
export async function verifyChain(
  run: OperationRun,
  options: VerificationOptions,
): Promise<OperationOutcome | 'continues later'> {
  const { operation } = run;
  const record = await claimChain(run);
  if (record === null) {
    return failed(
      { code: 'path_not_found', detail: 'the record was deleted after the verification was accepted' },
      operation.backupId ?? '',
    );
  }
  const opened = await inTime(run, (limited) => examineAndOpen(limited, record));
  return 'data' in opened ? await verifyData(run, options, record, opened) : opened;
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
type OpenedChain = {
  readonly data: ChainData;
  readonly examination: Examination;
  /** Its new proofs that are recorded only once the data of their links is read and right. */
  readonly unread: ReadonlySet<EdgeProof>;
  /** The recorded faults of those of them that only a replay can judge again. */
  readonly unreplayed: ReadonlyMap<EdgeProof, Fault>;
};

/** Proves the chain as a sync would. Returns the outcome if there is nothing to read. */
async function examineAndOpen(run: OperationRun, record: BackupRecord): Promise<OpenedChain | OperationOutcome> {
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
  if (data === null) return failed({ code: 'format_unknown', detail: examination.limit ?? '' }, record.backupId);
  return { examination, unread, unreplayed: unreplayedOf(unread, mismatches), data };
}

/**
 * The new proofs that must not be recorded before the data is read: those that depend on it, and those that would hide
 * a recorded fault in the data of the same listing. All of them if the record is in error and this examination finds no
 * fault, because the data may be what is broken.
 */
function unreadOf(
  record: BackupRecord,
  { newProofs, awaitingData, fault }: Examination,
  mismatches: ReadonlyMap<string, EdgeProof>,
): ReadonlySet<EdgeProof> {
  const isBroken = record.status === 'error' && fault === null;
  return new Set(
    newProofs.filter((proof) => isBroken || awaitingData.includes(proof.backupId) || mismatchOf(proof, mismatches)),
  );
}

/** Those of the new proofs whose volume has expanded to something else, and that fault. */
function unreplayedOf(
  unread: ReadonlySet<EdgeProof>,
  mismatches: ReadonlyMap<string, EdgeProof>,
): ReadonlyMap<EdgeProof, Fault> {
  const faults = [...unread].map((proof) => [proof, mismatchOf(proof, mismatches)] as const);
  return new Map(faults.flatMap(([proof, fault]) => (fault?.code === 'expansion_mismatch' ? [[proof, fault]] : [])));
}

/** The recorded fault in the data of the same listing, which a new proof without a fault would hide. Null if none. */
function mismatchOf(proof: EdgeProof, mismatches: ReadonlyMap<string, EdgeProof>): Fault | null {
  const mismatch = mismatches.get(proof.backupId);
  if (mismatch === undefined || proof.fault !== null || !isSameLocation(mismatch.location, proof.location)) return null;
  return mismatch.listing.digest === proof.listing.digest ? mismatch.fault : null;
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

async function verifyData(
  run: OperationRun,
  options: VerificationOptions,
  record: BackupRecord,
  { examination, unread, unreplayed, data }: OpenedChain,
): Promise<OperationOutcome | 'continues later'> {
  const { level: wanted, readAfterMs } = verifyRequestOf(run.operation.request);
  const kept = new Set<EdgeProof>();
  const keep = async (proof: EdgeProof) => {
    await recordProof(run, record.backupId, proof);
    kept.add(proof);
  };
  const reading = { run, examination, unread, unreplayed, readAfterMs, cutting: options.cutting, keep };
  const read = await readInTime(run, await ReadLinks.open(reading, data), options);
  if (read === null) return 'continues later';
  const isWhole = read.fault === null;
  if (data.links.some(({ volumeBytes }) => volumeBytes === null)) await forgetOldObjects(run);
  const replay =
    isWhole && wanted === 'replay'
      ? await replayVolumes(run, options.threads, data, examination, record.expanded)
      : null;
  const verdict = verdictOf(run, record, read, replay);
  const found: Examination = {
    ...examination,
    fault: verdict.fault,
    level: recordLevel(record, examination, verdict),
    verifiedAtMs: run.services.world.clock.nowMs(),
    newProofs: verdict.proofs,
    ...(verdict.fault === null && factOf(data)),
  };
  const decision = await recordExamination(run, record, found, kept, replay?.result ?? null);
  const ancestors = read.whole.filter(({ backupId }) => backupId !== record.backupId);
  await inTime(run, (limited) => healAncestors(limited, ancestors));
  if (verdict.fault === null && decision.fault !== null) {
    return failed(decision.fault, record.backupId, decision.message);
  }
  const result: VerifyResult = {
    backup_id: record.backupId,
    level: verdict.level,
    links: data.links.length,
    volume_bytes: data.links.at(-1)?.volumeBytes ?? null,
    volume_sha256: replay?.result?.kind === 'matched' ? replay.result.sha256 : null,
    expanded: replay?.result?.kind === 'expanded' ? [...replay.result.volumes] : [],
  };
  const remark = examination.remark === null ? '' : ` (${examination.remark})`;
  const shown = found.fact === undefined ? '' : `; ${textOfFact(found.fact)}`;
  const limit = replay !== null && 'limit' in replay ? `; ${replay.limit}` : '';
  const message =
    verdict.fault === null ? `proved to ${verdict.level}${remark}${shown}${limit}` : 'recorded with the reason';
  return { fault: verdict.fault, result, message };
}

/** What all data of a chain shows by being right, although no level says it. */
function factOf({ links }: ChainData): Pick<Examination, 'fact'> {
  const leaf = links.at(-1);
  return leaf?.volumeBytes === null && leaf.fact !== undefined ? { fact: leaf.fact } : {};
}

/**
 * Does work that lists and reads metadata. It has as much time as other operations, because a listing may be endless.
 * Throws `OutOfTimeError`.
 */
async function inTime<Result>(run: OperationRun, work: (limited: OperationRun) => Promise<Result>): Promise<Result> {
  using limit = abortAfter(operationLivesMs);
  const signal = AbortSignal.any([run.signal, limit.signal]);
  try {
    return await work({ ...run, signal });
  } catch (error) {
    if (!limit.signal.aborted || run.signal.aborted || isCatalogueFault(error)) throw error;
    throw new OutOfTimeError('its chain could not be examined within 24 hours');
  }
}

/** Reads the data of the links. Null if the job has taken too long; what is read by then stays read. */
async function readInTime(
  run: OperationRun,
  links: ReadLinks,
  options: VerificationOptions,
): Promise<LinksRead | null> {
  using life = abortAfter(options.jobLivesMs);
  const signal = AbortSignal.any([run.signal, life.signal]);
  try {
    return await shareReading(run, links, options, signal);
  } catch (error) {
    if (error !== life.signal.reason) throw error;
    return null;
  }
}

type DataVerdict = {
  /** Null if there is a fault. */
  readonly level: VerificationLevel | null;
  readonly fault: Fault | null;
  /** The proofs that this verification has made. */
  readonly proofs: readonly EdgeProof[];
};

function verdictOf(
  run: OperationRun,
  record: BackupRecord,
  read: LinksRead,
  replay: VolumesReplay | null,
): DataVerdict {
  const leaf = read.proofs.get(record.backupId);
  if (replay === null || leaf === undefined) {
    return { level: read.level, fault: read.fault, proofs: read.made };
  }
  const isMatched = replay.result?.kind === 'matched' && read.level === 'content';
  const level = replay.fault !== null ? null : isMatched ? ('replay' as const) : read.level;
  const proof: EdgeProof = {
    ...leaf,
    level: level ?? leaf.level,
    fault: replay.fault,
    verifiedAtMs: run.services.world.clock.nowMs(),
  };
  return {
    level,
    fault: replay.fault,
    proofs: [...read.made.filter(({ backupId }) => backupId !== proof.backupId), proof],
  };
}

/** The level to record. A replayed record keeps `replay` if it is only read again. */
function recordLevel(record: BackupRecord, examination: Examination, { fault, level, proofs }: DataVerdict) {
  if (fault !== null) return examination.level === null ? null : lowerLevel(examination.level, 'linkage');
  const leafIsNew = proofs.some(({ backupId }) => backupId === record.backupId);
  return record.level === 'replay' && level === 'content' && !leafIsNew ? 'replay' : (level ?? examination.level);
}

function failed(fault: Fault, backupId: string, message = 'nothing was recorded or changed'): OperationOutcome {
  const nothing = { level: null, links: 0, volume_bytes: null, volume_sha256: null, expanded: [] };
  const result: VerifyResult = { backup_id: backupId, ...nothing };
  return { fault, result, message };
}

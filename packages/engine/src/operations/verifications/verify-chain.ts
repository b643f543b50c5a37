import {
  type BackupSync,
  type DataLevel,
  dataLevels,
  lowerLevel,
  type VerificationLevel,
  type VerifyResult,
} from '@backup-sync/contracts';
import { itemOfRecord } from '../../catalogue/item-of-record.ts';
import type { BackupRecord } from '../../catalogue/port.ts';
import { proveContent } from '../../chain/content/prove-content.ts';
import type { ChainData, LinkData } from '../../chain/data.ts';
import { openChain } from '../../chain/examiner.ts';
import type { EdgeProof, Examination, Fault } from '../../chain/link.ts';
import { replayChain } from '../../chain/replay/replay-chain.ts';
import type { StorageOpening } from '../../chain/threads/messages.ts';
import { decideSync } from '../backups/decide-sync.ts';
import type { TaskOutcome, TaskRun } from '../tasks/run-task.ts';

const unknownFormat = 'there is nothing to hold its data against';

/** What a verification came to, before it is recorded. */
type Proved = {
  readonly level: VerificationLevel | null;
  readonly fault: Fault | null;
  readonly proofs: readonly EdgeProof[];
  readonly links: number;
  readonly volumeBytes: number | null;
  readonly volumeSha256: string | null;
};

/**
 * The work of a verification: proves the chain as a sync would, then reads what is stored, link by link, full backup
 * first: always anew, since data can rot where no listing shows it. An interrupted run goes on in its link behind the
 * objects that were proved.
 */
export async function verifyChain(run: TaskRun, opening: StorageOpening | null): Promise<TaskOutcome> {
  const { task, services } = run;
  const { catalogue } = services;
  const level = levelOf(run);
  const record = await catalogue.showBackup(task.projectId, task.backupId ?? '');
  if (record === null) {
    return failed({ code: 'path_not_found', detail: 'the record was deleted meanwhile' }, task.backupId ?? '');
  }
  const item = itemOfRecord(record);
  const examiner = await openChain({
    storage: run.storage,
    bucketName: record.location.bucketName,
    imagePaths: [item.image_path],
    // Faults that were found in data may have been mended where no listing shows it: they are not taken over.
    findProofs: async (backupIds) => {
      const proofs = await catalogue.findProofs(task.projectId, backupIds);
      return proofs.filter(({ fault }) => fault === null);
    },
    locate: async (backupId) => (await catalogue.showBackup(task.projectId, backupId))?.location ?? null,
    // Who asks for the data asks for the hashes, however many.
    linkageMaxBytes: Number.POSITIVE_INFINITY,
    readHashes: true,
    nowMs: () => services.clock.nowMs(),
    signal: run.signal,
  });
  const examination = await examiner.examine(item);
  if (examination === null) {
    const place = `${record.location.bucketName}/${item.image_path}`;
    return failed({ code: 'path_not_found', detail: place }, record.backupId);
  }
  let proved: Proved;
  if (examination.fault !== null) proved = brokenBefore(examination, examination.fault);
  else {
    const data = await examiner.openData(item);
    if (data === null) return failed({ code: 'format_unknown', detail: unknownFormat }, record.backupId);
    proved = await readChain(run, record, examination, data, level, opening);
  }
  await recordVerdict(run, item, record, examination, proved);
  const { fault, links, volumeBytes, volumeSha256 } = proved;
  const result: VerifyResult = {
    backup_id: record.backupId,
    level: proved.level,
    links,
    volume_bytes: volumeBytes,
    volume_sha256: volumeSha256,
  };
  return { fault, result, message: fault === null ? `proved to ${proved.level}` : 'recorded with the reason' };
}

function levelOf({ task: { request } }: TaskRun): DataLevel {
  const wanted = typeof request === 'object' && request !== null && 'level' in request ? request.level : null;
  const level = dataLevels.find((each) => each === wanted);
  if (level === undefined) throw new TypeError(`a verification has no level ${String(wanted)}`);
  return level;
}

/** The chain is broken as a sync would find it: there is nothing to read. */
function brokenBefore(examination: Examination, fault: Fault): Proved {
  return { level: null, fault, proofs: examination.newProofs, links: 0, volumeBytes: null, volumeSha256: null };
}

async function readChain(
  run: TaskRun,
  record: BackupRecord,
  examination: Examination,
  data: ChainData,
  wanted: DataLevel,
  opening: StorageOpening | null,
): Promise<Proved> {
  const edges = await edgesOf(run, examination, data);
  const proofs = new Map(examination.newProofs.map((proof) => [proof.backupId, proof]));
  const summary = { links: data.links.length, volumeBytes: data.links.at(-1)?.volumeBytes ?? null, volumeSha256: null };
  let lowest: VerificationLevel = 'linkage';
  for (const [index, link] of data.links.entries()) {
    const edge = edges.get(link.backupId);
    if (edge === undefined) throw new Error(`link ${link.backupId} has no proof to build on`);
    lowest = lowerLevel(lowest, edge.level ?? 'presence');
    const fault = await readLink(run, link, index, proofs.has(link.backupId), opening);
    const verifiedAtMs = run.services.clock.nowMs();
    if (fault !== null) {
      const level = edge.level === null ? null : lowerLevel(edge.level, 'linkage');
      proofs.set(link.backupId, { ...edge, level, fault, verifiedAtMs });
      const told = link.backupId === record.backupId ? fault : throughLink(link, fault);
      return { ...summary, level: null, fault: told, proofs: [...proofs.values()] };
    }
    // What was replayed stays so, at its own time. What has no block hashes, as of early writers, stays where it was:
    // `content` is beyond `linkage`.
    if (edge.level === 'linkage' || edge.level === 'content') {
      proofs.set(link.backupId, { ...edge, level: 'content', verifiedAtMs });
    }
  }
  const reached = lowest === 'linkage' ? 'content' : lowest;
  if (wanted === 'content') return { ...summary, level: reached, fault: null, proofs: [...proofs.values()] };
  const replay = await replayChain(data, {
    storage: run.storage,
    sink: null,
    signal: run.signal,
    onProgress: ({ replayedBytes, volumeBytes }) =>
      run.report({ replayed_bytes: replayedBytes, volume_bytes: volumeBytes }),
  });
  const leaf = proofs.get(record.backupId) ?? edges.get(record.backupId);
  if (leaf !== undefined) {
    const verifiedAtMs = run.services.clock.nowMs();
    const level = replay.fault === null && reached === 'content' ? ('replay' as const) : leaf.level;
    proofs.set(record.backupId, { ...leaf, level, fault: replay.fault, verifiedAtMs });
  }
  return {
    ...summary,
    level: replay.fault !== null ? null : reached === 'content' ? 'replay' : reached,
    fault: replay.fault,
    proofs: [...proofs.values()],
    volumeSha256: replay.sha256,
  };
}

/** Reads what one link stores; goes on behind what an interrupted run had proved of the very same listing. */
async function readLink(
  run: TaskRun,
  link: LinkData,
  index: number,
  isFresh: boolean,
  opening: StorageOpening | null,
): Promise<Fault | null> {
  const before = run.task.progress;
  const startAfter = !isFresh && before.link === index ? (before.proved_objects ?? 0) : 0;
  const { fault } = await proveContent(link, {
    storage: run.storage,
    opening,
    startAfter,
    signal: run.signal,
    onProgress: ({ provedObjects, objects, storedBytes, plainBytes }) =>
      run.report({
        link: index,
        proved_objects: provedObjects,
        objects,
        stored_bytes: storedBytes,
        plain_bytes: plainBytes,
      }),
  });
  return fault;
}

/** The proof of each link up to `linkage`: made just now, or recorded and still standing. */
async function edgesOf(
  { services, task }: TaskRun,
  examination: Examination,
  { links }: ChainData,
): Promise<ReadonlyMap<string, EdgeProof>> {
  const ids = links.map((link) => link.backupId);
  const recorded = await services.catalogue.findProofs(task.projectId, ids);
  return new Map([...recorded, ...examination.newProofs].map((proof) => [proof.backupId, proof]));
}

/** Writes down what was found, for the backup and every link read; decides anew where the record changed meanwhile. */
async function recordVerdict(
  { services, task }: TaskRun,
  item: BackupSync,
  first: BackupRecord,
  examination: Examination,
  proved: Proved,
): Promise<void> {
  const { catalogue, clock } = services;
  const verifiedAtMs = clock.nowMs();
  const seen: Examination = {
    ...examination,
    fault: proved.fault,
    level: recordLevel(first, examination, proved),
    verifiedAtMs,
    newProofs: proved.proofs,
  };
  let current: BackupRecord | null = first;
  while (current !== null) {
    const decision = decideSync(item, task.projectId, first.location, current, { kind: 'seen', examination: seen });
    const verdict = {
      operationId: task.id,
      projectId: task.projectId,
      backupId: item.backup_id,
      decidedOnRevision: current.revision,
      record: decision.record,
      proofs: decision.proofs,
      endedAtMs: verifiedAtMs,
    };
    if (await catalogue.recordVerdict(verdict)) return;
    current = await catalogue.showBackup(task.projectId, item.backup_id);
  }
}

/** A record that was replayed does not fall back by being read once more. */
function recordLevel(record: BackupRecord, examination: Examination, { fault, level, proofs }: Proved) {
  if (fault !== null) return examination.level === null ? null : lowerLevel(examination.level, 'linkage');
  const leafIsNew = proofs.some(({ backupId }) => backupId === record.backupId);
  return record.level === 'replay' && level === 'content' && !leafIsNew ? 'replay' : (level ?? examination.level);
}

function throughLink(link: LinkData, fault: Fault): Fault {
  return {
    code: 'parent_broken',
    detail: `through link ${link.backupId} (${link.location.imagePath}): ${fault.detail}`,
  };
}

function failed(fault: Fault, backupId: string): TaskOutcome {
  const result: VerifyResult = { backup_id: backupId, level: null, links: 0, volume_bytes: null, volume_sha256: null };
  return { fault, result, message: 'nothing was recorded or changed' };
}

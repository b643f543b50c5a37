import { lowerLevel, reaches, type VerificationLevel } from '@backup-sync/contracts';
import { proveContent } from '../chain/content/prove-content.ts';
import type { ChainData, LinkData } from '../chain/data.ts';
import { faultOfDescendant } from '../chain/proof/fault-of-descendant.ts';
import type { EdgeProof, Examination, Fault } from '../chain/proof/link.ts';
import type { ReadingThreads } from '../chain/threads/storage-threads.ts';
import type { OperationRun } from '../operations/run-operation.ts';
import { isSince } from '../operations/stored-times.ts';

/** The result of reading the links of a chain. */
export type LinksRead = {
  /** The level of the whole chain. Null if a link has a fault. */
  readonly level: VerificationLevel | null;
  readonly fault: Fault | null;
  /** The links whose data is right, full backup first, up to the first link with a fault. */
  readonly whole: readonly LinkData[];
  /** The proof of each link, up to the last one read. */
  readonly proofs: ReadonlyMap<string, EdgeProof>;
  /** The proofs among these that this reading made. */
  readonly made: readonly EdgeProof[];
};

type LinkReader = {
  readonly run: OperationRun;
  readonly threads: ReadingThreads;
  readonly examination: Examination;
  /** New proofs of the examination that are not recorded before the data of their links is read. */
  readonly unread: ReadonlySet<EdgeProof>;
  /** Links that were completely read after this time are not read again. Milliseconds since 1970. */
  readonly readAfterMs: number;
  /** Called as soon as a link has been completely read. */
  readonly keep: (proof: EdgeProof) => Promise<void>;
};

/** Reads the stored data of each link, full backup first, up to the first link with a fault. */
export async function readLinks(reader: LinkReader, data: ChainData): Promise<LinksRead> {
  const proofs = new Map(await edgesOf(reader, data));
  const made: EdgeProof[] = [];
  let lowest: VerificationLevel = 'content';
  for (const [index, link] of data.links.entries()) {
    const edge = proofs.get(link.backupId);
    if (edge === undefined) throw new Error(`link ${link.backupId} has no proof to build on`);
    const proof = isReadAlready(reader, index, edge) ? edge : await readLink(reader, link, index, edge);
    proofs.set(link.backupId, proof);
    if (proof !== edge) made.push(proof);
    if (proof.fault !== null) {
      const isLeaf = index === data.links.length - 1;
      const fault = isLeaf
        ? proof.fault
        : faultOfDescendant({ backupId: link.backupId, imagePath: link.location.imagePath }, proof.fault);
      return { level: null, fault, whole: data.links.slice(0, index), proofs, made };
    }
    lowest = lowerLevel(lowest, proof.level ?? 'presence');
  }
  return { level: lowest, fault: null, whole: data.links, proofs, made };
}

/** The proof of each link up to `linkage`: made just now, or recorded and still valid. */
async function edgesOf({ run, examination }: LinkReader, { links }: ChainData) {
  const ids = links.map((link) => link.backupId);
  const recorded = await run.services.catalogue.backups.findProofs(run.operation.projectId, ids);
  return [...recorded, ...examination.newProofs].map((proof) => [proof.backupId, proof] as const);
}

/** Whether a link was read by this verification before it was interrupted, or by another one after `readAfterMs`. */
function isReadAlready(
  reader: LinkReader,
  index: number,
  { backupId, fault, level, verifiedAtMs }: EdgeProof,
): boolean {
  if (fault !== null || isFresh(reader, backupId)) return false;
  if (index < (reader.run.operation.progress.link ?? 0)) return true;
  if (level === null || !reaches(level, 'content')) return false;
  return isSince(verifiedAtMs, reader.readAfterMs + 1, reader.run.services.world.clock.nowMs());
}

/** Whether the proof of a link was made just now. Data read of an earlier listing does not count then. */
function isFresh({ examination }: LinkReader, id: string): boolean {
  return examination.newProofs.some(({ backupId }) => backupId === id);
}

/** Reads one link. Continues after the objects that an interrupted run had proved of the same listing. */
async function readLink(reader: LinkReader, link: LinkData, index: number, edge: EdgeProof): Promise<EdgeProof> {
  const { run, threads, keep } = reader;
  const before = run.operation.progress;
  const { fault } = await proveContent(link, {
    storage: run.storage,
    ...threads,
    startAfter: before.link === index && !isFresh(reader, link.backupId) ? (before.proved_objects ?? 0) : 0,
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
  const verifiedAtMs = run.services.world.clock.nowMs();
  if (fault !== null) {
    const level = edge.level === null ? null : lowerLevel(edge.level, 'linkage');
    return { ...edge, level, fault, verifiedAtMs };
  }
  // A replayed link stays replayed, with its own time. A link without block hashes, as early programs wrote them, keeps
  // its level: `content` is beyond `linkage`.
  const staysAtLevel = edge.level !== 'linkage' && edge.level !== 'content';
  if (staysAtLevel && !reader.unread.has(edge)) return edge;
  const proof: EdgeProof = { ...edge, level: staysAtLevel ? edge.level : 'content', verifiedAtMs };
  await keep(proof);
  return proof;
}

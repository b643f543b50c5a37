import { lowerLevel, reaches, type VerificationLevel } from '@backup-sync/contracts';
import type { VerificationPart } from '../catalogue/part-records.ts';
import type { ChainData, LinkData } from '../chain/data.ts';
import { faultOfDescendant } from '../chain/proof/fault-of-descendant.ts';
import type { EdgeProof, Examination, Fault } from '../chain/proof/link.ts';
import type { OperationRun } from '../operations/run-operation.ts';
import { isSince } from '../operations/stored-times.ts';
import { type Cutting, cutLinks } from './cut-links.ts';
import { edgesOf } from './edges.ts';
import { PartsProgress } from './parts-progress.ts';
import { verifyRequestOf } from './verify-request.ts';

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

/** Number of links whose parts are checked together. More would cost a chain of many links too much. */
const linksAtOnce = 100;

export type LinksReading = {
  readonly run: OperationRun;
  readonly examination: Examination;
  /** New proofs of the examination that are not recorded before the data of their links is read. */
  readonly unread: ReadonlySet<EdgeProof>;
  /** The recorded faults of those of them that only a replay can judge again. */
  readonly unreplayed: ReadonlyMap<EdgeProof, Fault>;
  /** Links that were completely read after this time are not read again. Milliseconds since 1970. */
  readonly readAfterMs: number;
  readonly cutting: Cutting;
  /** Called as soon as a link has been completely read, and all links below it. */
  readonly keep: (proof: EdgeProof) => Promise<void>;
};

/**
 * The links of a chain whose data is read in parts, and what is known of them. A link is judged once all of its parts
 * are read, full backup first, up to the first link with a fault.
 */
export class ReadLinks {
  readonly #reading: LinksReading;
  readonly #data: ChainData;
  readonly #proofs: Map<string, EdgeProof>;
  readonly #made: EdgeProof[] = [];
  readonly progress: PartsProgress;
  /** Number of links that were judged. */
  #judged = 0;
  #lowest: VerificationLevel = 'content';

  private constructor(reading: LinksReading, data: ChainData, edges: ReadonlyMap<string, EdgeProof>) {
    this.#reading = reading;
    this.#data = data;
    this.#proofs = new Map(edges);
    this.progress = new PartsProgress(reading.run.operation.progress);
  }

  /**
   * Cuts the links that are not read yet into parts, and stores them. Parts that an interrupted run has read of the
   * same listing stay read. Throws the errors of reading the metadata, and catalogue errors.
   */
  static async open(reading: LinksReading, data: ChainData): Promise<ReadLinks> {
    const { run, examination, cutting } = reading;
    const { operation, services } = run;
    const links = new ReadLinks(reading, data, await edgesOf(run, examination, data));
    const before = await services.catalogue.parts.listParts(operation.id, { from: 0, count: null });
    const unread = data.links
      .map((link, index) => ({ link, index, edge: links.#edgeOf(link) }))
      .filter(({ edge }) => !links.#isReadAlready(edge) || isDone(partsOf(edge, before)));
    const { id: operationId, epoch } = operation;
    const coordinator = { operationId, epoch, leaseOwner: run.leaseOwner };
    // If another worker has taken over the operation, this does nothing, and the next save of its progress ends the run.
    await services.catalogue.parts.openParts(coordinator, await cutLinks(unread, before, cutting));
    return links;
  }

  linkOf({ backupId }: VerificationPart): LinkData {
    const link = this.#data.links.find((each) => each.backupId === backupId);
    if (link === undefined) throw new Error(`the chain has no link ${backupId}`);
    return link;
  }

  /**
   * Judges the links whose parts are all read. `read` is the result once the whole chain is judged, and null before.
   * `parts` are those of the links to be judged next.
   */
  async judge(): Promise<{ readonly read: LinksRead | null; readonly parts: readonly VerificationPart[] }> {
    const { operation, services } = this.#reading.run;
    const { links } = this.#data;
    while (this.#judged < links.length) {
      const range = { from: this.#judged, count: linksAtOnce };
      const parts = await services.catalogue.parts.listParts(operation.id, range);
      for (const part of parts) this.progress.note(part, part.progress);
      for (const link of links.slice(range.from, range.from + range.count)) {
        const proof = await this.#judgeLink(this.#edgeOf(link), parts);
        if (proof === null) return { read: null, parts };
        if (proof.fault !== null) return { read: this.#endAt(link, proof.fault), parts };
        this.#lowest = lowerLevel(this.#lowest, proof.level ?? 'presence');
        this.#judged += 1;
        this.progress.links = this.#judged;
      }
    }
    const [proofs, made] = [this.#proofs, this.#made];
    return { read: { level: this.#lowest, fault: null, whole: links, proofs, made }, parts: [] };
  }

  /** The proof of a link; null if it is not read yet. */
  async #judgeLink(edge: EdgeProof, parts: readonly VerificationPart[]): Promise<EdgeProof | null> {
    if (this.#isReadAlready(edge)) return edge;
    const own = partsOf(edge, parts);
    const broken = own.findIndex(({ fault }) => fault !== null);
    if (!isDone(broken === -1 ? own : own.slice(0, broken + 1))) return null;
    const proof = await this.#prove(edge, own[broken]?.fault ?? null);
    this.#proofs.set(edge.backupId, proof);
    if (proof !== edge) this.#made.push(proof);
    return proof;
  }

  #endAt(link: LinkData, found: Fault): LinksRead {
    const { links } = this.#data;
    const isLeaf = link === links.at(-1);
    const fault = isLeaf
      ? found
      : faultOfDescendant({ backupId: link.backupId, imagePath: link.location.imagePath }, found);
    return { level: null, fault, whole: links.slice(0, this.#judged), proofs: this.#proofs, made: this.#made };
  }

  #edgeOf({ backupId }: LinkData): EdgeProof {
    const edge = this.#proofs.get(backupId);
    if (edge === undefined) throw new Error(`link ${backupId} has no proof to build on`);
    return edge;
  }

  /** Whether a link was read by this verification before it was interrupted, or by another one after `readAfterMs`. */
  #isReadAlready({ backupId, fault, level, verifiedAtMs }: EdgeProof): boolean {
    const { examination, readAfterMs, run } = this.#reading;
    // If the proof was made just now, data read of an earlier listing does not count.
    if (fault !== null || examination.newProofs.some((proof) => proof.backupId === backupId)) return false;
    if (level === null || !reaches(level, 'content')) return false;
    return isSince(verifiedAtMs, readAfterMs + 1, run.services.world.clock.nowMs());
  }

  /**
   * Whether the digests of what was read prove all of a link. Without a volume, nothing is to be compared with block
   * hashes, which other links need before.
   */
  #isOfContents({ backupId, form }: EdgeProof): boolean {
    const link = this.#data.links.find((each) => each.backupId === backupId);
    return link?.volumeBytes === null && form !== null && reaches(form.ceiling, 'content');
  }

  /** Whether the volume of a link is replayed once the data of all links is read. */
  #isReplayed({ backupId }: EdgeProof): boolean {
    const { level } = verifyRequestOf(this.#reading.run.operation.request);
    return level === 'replay' && backupId === this.#data.links.at(-1)?.backupId;
  }

  /** The proof of a link whose data is read. */
  async #prove(edge: EdgeProof, found: Fault | null): Promise<EdgeProof> {
    const { run, unread, unreplayed, keep } = this.#reading;
    const ofReplay = unreplayed.get(edge) ?? null;
    const isReplayedNext = ofReplay !== null && this.#isReplayed(edge);
    const fault = found ?? (isReplayedNext ? null : ofReplay);
    const verifiedAtMs = run.services.world.clock.nowMs();
    if (fault !== null) {
      const level = edge.level === null ? null : lowerLevel(edge.level, 'linkage');
      return { ...edge, level, fault, verifiedAtMs };
    }
    // The replay records its own proof. Until then, the recorded fault stays.
    if (isReplayedNext) return { ...edge, verifiedAtMs };
    // A replayed link stays replayed, with its own time. A link without block hashes, as early programs wrote them,
    // keeps its level: `content` is beyond `linkage`.
    const isRead = edge.level === 'linkage' || edge.level === 'content' || this.#isOfContents(edge);
    // Without digests, as in a disk image, reading shows only that the data can be read.
    const canBeProved = edge.form === null || reaches(edge.form.ceiling, 'content');
    const staysAtLevel = !isRead || !canBeProved;
    if (staysAtLevel && !unread.has(edge)) return edge;
    const proof: EdgeProof = { ...edge, level: staysAtLevel ? edge.level : 'content', verifiedAtMs };
    await keep(proof);
    return proof;
  }
}

/** The parts of a link, in order. */
function partsOf({ backupId, listing }: EdgeProof, parts: readonly VerificationPart[]): readonly VerificationPart[] {
  return parts.filter((part) => part.backupId === backupId && part.listingDigest === listing.digest);
}

function isDone(parts: readonly VerificationPart[]): boolean {
  return parts.length > 0 && parts.every(({ state }) => state === 'done');
}

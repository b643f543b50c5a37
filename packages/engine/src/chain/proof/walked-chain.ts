import type { BackupFormat, BackupSync } from '@backup-sync/contracts';
import type { ChainContext } from '../chain-context.ts';
import type { ChainData } from '../data.ts';
import { judgeChain, refuse, type Walk } from './chain-verdict.ts';
import { type Check, isReusable } from './check-version.ts';
import { type LinkReader, openChainData } from './data-walk.ts';
import { wholeForm, withForm } from './form.ts';
import { isLasting } from './lasting-fault.ts';
import {
  type EdgeProof,
  type Examination,
  type Fault,
  isSameLocation,
  type Listing,
  type SharedListing,
} from './link.ts';
import { type ListedLink, type ProvedLink, placeOf } from './proved-link.ts';
import { ReadFault } from './read-fault.ts';

/** The link that a request names. */
export type FoundLink<Link> = {
  readonly link: Link;
  /** Why the request is refused, and the listing at its image path; null if the request and the link agree. */
  readonly refusal: {
    readonly fault: Fault;
    readonly listing: Listing;
    /** Null for formats in which backups share no objects. */
    readonly shared: SharedListing | null;
  } | null;
};

/** Finds and proves the links of a chain, for one format. All methods throw storage errors. */
export interface LinkProver<Link extends ListedLink> {
  readonly format: BackupFormat;
  readonly check: Check;
  /**
   * Finds the link at the image path of a request; null if nothing of this format is stored there. `isRecorded` says
   * whether a recorded proof of the link still holds; nothing then needs to be read to know that it is of this format.
   */
  find(item: BackupSync, isRecorded: (link: Link) => Promise<boolean>): Promise<FoundLink<Link> | null>;
  /**
   * Returns the link with the parent of its recorded proof if the proof still holds, otherwise null. Called only for
   * proofs that {@link isReusable}, were made of this listing at this place, and have no fault that may have passed.
   */
  reuse(link: Link, proof: EdgeProof): Promise<ProvedLink<Link> | null>;
  /** Proves a link against its parent as far as possible without reading data. Null if the link is gone. */
  prove(link: Link): Promise<ProvedLink<Link> | null>;
  /** Lists a link again. Returns the same object if the link is unchanged, and null if it is gone. */
  listAgain(link: Link): Promise<Link | null>;
  /** Frees the memory used to prove a link. */
  release(link: Link): Promise<void>;
}

/**
 * The links below one root, in one format. Each link is proved at most once in a run; all backups examined in the run
 * share its proof.
 */
export class WalkedChain<Link extends ListedLink, Read> {
  readonly #context: ChainContext;
  readonly #prover: LinkProver<Link>;
  readonly #reader: LinkReader<Link, Read> | null;
  readonly #recorded = new Map<string, Promise<ProvedLink<Link> | null>>();
  readonly #proved = new Map<string, Promise<ProvedLink<Link> | null>>();
  /** Proofs made in this run that no examination has returned yet. */
  readonly #newProofs = new Set<EdgeProof>();

  /** `reader` is null for a format whose data cannot be interpreted. */
  constructor(context: ChainContext, prover: LinkProver<Link>, reader: LinkReader<Link, Read> | null) {
    this.#context = context;
    this.#prover = prover;
    this.#reader = reader;
  }

  /** See `ChainExaminer`. */
  async examine(item: BackupSync): Promise<Examination | null> {
    const { format, check } = this.#prover;
    const found = await this.#prover.find(item, async (link) => (await this.#reuse(link)) !== null);
    if (found === null) return null;
    if (found.refusal !== null) return refuse(format, check.version, found.refusal, this.#context.nowMs());
    const walk = await this.#walk(found.link);
    if (walk === null) return null;
    return judgeChain(
      format,
      walk,
      walk.links.filter(({ proof }) => this.#newProofs.delete(proof)),
    );
  }

  /** See `ChainExaminer`. */
  async openData(item: BackupSync): Promise<ChainData | null> {
    if (this.#reader === null) return null;
    const found = await this.#prover.find(item, async () => true);
    if (found === null) return null;
    if (found.refusal !== null) throw new ReadFault(found.refusal.fault, false);
    return await openChainData(this.#reader, found.link);
  }

  /** Walks from a link to its full backup. Returns null if the link itself is gone. */
  async #walk(leaf: Link): Promise<Walk<Link> | null> {
    const links: ProvedLink<Link>[] = [];
    const visited = new Set<string>();
    let next: Link | null = leaf;
    while (next !== null) {
      if (visited.has(placeOf(next))) return { links, leadsBackTo: next, vanished: null };
      visited.add(placeOf(next));
      const proved: ProvedLink<Link> | null = await this.#proveOnce(next);
      if (proved === null) return links.length === 0 ? null : { links, leadsBackTo: null, vanished: next };
      links.push(proved);
      next = proved.parent;
    }
    return { links, leadsBackTo: null, vanished: null };
  }

  #proveOnce(link: Link): Promise<ProvedLink<Link> | null> {
    const key = keyOf(link);
    const proved = this.#proved.get(key) ?? this.#reuseOrProve(link);
    this.#proved.set(key, proved);
    return proved;
  }

  async #reuseOrProve(link: Link): Promise<ProvedLink<Link> | null> {
    const reused = await this.#reuse(link);
    const proved = reused ?? (await this.#prove(link));
    if (proved !== null && proved !== reused) this.#newProofs.add(proved.proof);
    await this.#prover.release(link);
    if (proved !== null && proved.link !== link) await this.#prover.release(proved.link);
    return proved;
  }

  /** The link with its recorded proof, if that still holds. */
  #reuse(link: Link): Promise<ProvedLink<Link> | null> {
    const key = JSON.stringify([keyOf(link), link.listing?.digest]);
    const known = this.#recorded.get(key);
    if (known !== undefined) return known;
    const recorded = this.#findRecorded(link);
    this.#recorded.set(key, recorded);
    // A failure may be temporary, so it is not kept. Everyone who awaits the promise still gets it.
    recorded.catch(() => this.#recorded.delete(key));
    return recorded;
  }

  async #findRecorded(link: Link): Promise<ProvedLink<Link> | null> {
    const { backupId, bucketName, imagePath, listing } = link;
    const [proof] = await this.#context.findProofs([backupId]);
    if (proof === undefined || !isReusable(this.#prover.check, proof)) return null;
    const location = { storageUnitId: this.#context.storage.id, bucketName, imagePath };
    if (!isSameLocation(proof.location, location)) return null;
    if (listing !== null && proof.listing.digest !== listing.digest) return null;
    if (proof.fault !== null && !isLasting(proof.fault.code)) return null;
    const known = withForm(proof, wholeForm);
    return known === null ? null : await this.#prover.reuse(link, known);
  }

  /** Proves a link. If something looks missing, it is listed again before it is reported missing. */
  async #prove(listed: Link): Promise<ProvedLink<Link> | null> {
    const first = await this.#prover.prove(listed);
    if (first === null || first.suspect === null) return first;
    const { link, suspect } = first;
    if (placeOf(suspect) !== placeOf(link)) {
      await this.#prover.listAgain(suspect);
      return await this.#prover.prove(link);
    }
    const fresh = await this.#prover.listAgain(link);
    if (fresh === null) return null;
    return fresh === link ? first : await this.#prover.prove(fresh);
  }
}

/** Includes the id: in formats without ids, several backups may be requested at one place. */
function keyOf(link: ListedLink): string {
  return JSON.stringify([placeOf(link), link.backupId]);
}

import type { BackupSync } from '@backup-sync/contracts';
import type { ChainKey, MissingParent } from '../catalogue/operation-records.ts';
import { isCatalogueFault } from '../catalogue-refusal.ts';
import type { ChainContext } from '../chain/chain-context.ts';
import { openChain } from '../chain/examiner.ts';
import type { ChainExaminer } from '../chain/format.ts';
import type { EdgeProof, Examination, Fault, Location } from '../chain/proof/link.ts';
import { recentGrants } from '../identity/recent-grants.ts';
import { isSince } from '../operations/stored-times.ts';
import type { PlanServices } from '../services.ts';
import { countRequests, type RequestCount } from '../storage/counted-storage-unit.ts';
import { limitToGrants } from '../storage/granted-storage-unit.ts';
import { StorageError, type StorageUnit } from '../storage/port.ts';
import { reasonOfStorageError } from '../storage/storage-reason.ts';
import { foundInOtherForm, otherForms } from '../unicode-form.ts';
import { findListings } from './find-listings.ts';

export type ChainLookOptions = {
  readonly chain: ChainKey;
  readonly storage: StorageUnit;
  readonly imagePaths: readonly string[];
  /** Where a plan's own items are: to its looks they are what unfinished imports are to those of a sync. */
  readonly planned: ReadonlyMap<string, Location>;
  /** See {@link ChainContext}. */
  readonly absences: ChainContext['absences'];
  /** False for plans; see {@link ChainContext}. */
  readonly readHashes: ChainContext['readHashes'];
  /** Proofs made before then do not count, milliseconds since 1970; 0: all do. */
  readonly proofsNotBeforeMs: number;
  /** Aborted when the work is not wanted any more: then a look throws its reason. */
  readonly stopping: AbortSignal;
  /** Aborted when the time is up: then a look says so, in these words. */
  readonly deadline: { readonly signal: AbortSignal; readonly detail: string };
  /** Told of faults of this program. Returns what the caller is told of them. */
  readonly onFault: (item: BackupSync, error: unknown) => string;
};

/** What a look at one backup showed: it was examined, or could not be, and why. */
export type Seen = {
  /** Those that the look took. What the links of a chain share counts for the first of them. */
  readonly requests: RequestCount;
} & ({ readonly kind: 'seen'; readonly examination: Examination } | { readonly kind: 'unseen'; readonly fault: Fault });

/** The backups that this one builds on, as far as they were found, the nearest first. */
export function ancestorIdsOf(seen: Seen): readonly string[] {
  return seen.kind === 'seen' ? seen.examination.ancestors.map(({ backupId }) => backupId) : [];
}

/** One look at a chain, which is listed once, when the first backup is asked for. */
export class ChainLook {
  /** The storage unit, within the grants of the project, its requests counted for this chain. */
  readonly storage: StorageUnit;
  readonly signal: AbortSignal;
  readonly chain: ChainKey;
  readonly #services: PlanServices;
  readonly #options: ChainLookOptions;
  readonly #count: () => RequestCount;
  #examiner: Promise<ChainExaminer> | undefined;
  #buckets: Promise<readonly string[]> | undefined;
  /** Of the records that were asked for: null if there was none. */
  readonly #revisions = new Map<string, number | null>();
  #accounted: RequestCount = { lists: 0, gets: 0, bytesRead: 0 };
  /** Proofs that no backup has taken with it yet. */
  #proofs: readonly EdgeProof[] = [];

  constructor(services: PlanServices, options: ChainLookOptions) {
    const listGrants = recentGrants(services.catalogue, options.chain.projectId, services.world.clock);
    // What is refused for want of a grant is no request.
    const counted = countRequests(options.storage);
    this.storage = limitToGrants(counted.unit, listGrants);
    this.#count = counted.count;
    this.#services = services;
    this.#options = options;
    this.chain = options.chain;
    this.signal = AbortSignal.any([options.stopping, options.deadline.signal]);
  }

  /** Looks at one backup. Throws the reason of `stopping`, and what the catalogue throws. */
  async look(item: BackupSync): Promise<Seen> {
    return await this.attempt(item, async () => {
      this.#examiner ??= this.#open();
      const examination = await (await this.#examiner).examine(item);
      if (examination === null) {
        const place = `${item.bucket_name}/${item.image_path}`;
        return { code: 'path_not_found', detail: `${place}${await this.#otherForm(item)}` };
      }
      this.#proofs = [...this.#proofs, ...examination.newProofs];
      return examination;
    });
  }

  /** Says so if the image path is found in another Unicode normalisation: macOS and some copying programs change it. */
  async #otherForm({ bucket_name: bucket, image_path: imagePath }: BackupSync): Promise<string> {
    for (const prefix of otherForms(imagePath)) {
      for await (const page of this.storage.list({ bucket, prefix, signal: this.signal })) {
        // `a/b10` is not `a/b1` in another form.
        const isThere = page.some(({ key }) => !/^[\p{L}\p{N}]/u.test(key.slice(prefix.length)));
        if (isThere) return foundInOtherForm(imagePath, prefix);
        break;
      }
    }
    return '';
  }

  /**
   * Hands out the proofs of a backup and its ancestors that no other has taken with it. Taken parents first, each
   * backup has its own, whoever was looked at first.
   */
  withProofs(item: BackupSync, seen: Seen): Seen {
    if (seen.kind === 'unseen') return seen;
    const { examination } = seen;
    const chain = new Set([item.backup_id, ...examination.ancestors.map(({ backupId }) => backupId)]);
    const newProofs = this.#proofs.filter(({ backupId }) => chain.has(backupId));
    this.#proofs = this.#proofs.filter(({ backupId }) => !chain.has(backupId));
    return { ...seen, examination: { ...examination, newProofs } };
  }

  /** The parent whose absence is the fault of what was seen, and what was known of it; null if there is none. */
  missingParentOf(seen: Seen): MissingParent | null {
    const backupId = seen.kind === 'seen' ? seen.examination.missingParentId : null;
    return backupId === null ? null : { backupId, revision: this.#revisions.get(backupId) ?? null };
  }

  /**
   * Runs work that examines a backup of this chain. What storage refuses, or a fault of this program, is why it could not
   * be seen. Throws the reason of `stopping`, and what the catalogue throws.
   */
  async attempt(item: BackupSync, work: () => Promise<Examination | Fault>): Promise<Seen> {
    const found = await this.#examineOrFail(item, work);
    const requests = this.takeRequests();
    return 'code' in found
      ? { kind: 'unseen', fault: found, requests }
      : { kind: 'seen', examination: found, requests };
  }

  async #examineOrFail(item: BackupSync, work: () => Promise<Examination | Fault>): Promise<Examination | Fault> {
    const { stopping, deadline, onFault } = this.#options;
    try {
      this.signal.throwIfAborted();
      return await work();
    } catch (error) {
      stopping.throwIfAborted();
      if (isCatalogueFault(error)) throw error;
      if (deadline.signal.aborted) return { code: 'deadline_exceeded', detail: deadline.detail };
      if (error instanceof StorageError) return { code: reasonOfStorageError[error.code], detail: error.message };
      return { code: 'internal', detail: onFault(item, error) };
    }
  }

  /** The requests since the last call. */
  takeRequests(): RequestCount {
    const total = this.#count();
    const before = this.#accounted;
    this.#accounted = total;
    return {
      lists: total.lists - before.lists,
      gets: total.gets - before.gets,
      bytesRead: total.bytesRead - before.bytesRead,
    };
  }

  #open(): Promise<ChainExaminer> {
    const {
      catalogue,
      work: { linkageMaxBytes },
      world: { clock },
    } = this.#services;
    const { chain, imagePaths, proofsNotBeforeMs, readHashes } = this.#options;
    return openChain({
      storage: this.storage,
      bucketName: chain.bucketName,
      imagePaths,
      findProofs: async (backupIds) => {
        const proofs = await catalogue.backups.findProofs(chain.projectId, backupIds);
        if (proofsNotBeforeMs === 0) return proofs;
        const nowMs = clock.nowMs();
        return proofs.filter(
          ({ verifiedAtMs, fault }) =>
            // What reading the data has found, no look without it takes back.
            fault?.code === 'content_mismatch' || isSince(verifiedAtMs, proofsNotBeforeMs, nowMs),
        );
      },
      findListings: (backupIds) => findListings(this.#services.catalogue, chain.projectId, backupIds),
      provedListing: (backupId, location) => catalogue.backups.provedListing(chain.projectId, backupId, location),
      locate: (backupId) => this.#locate(backupId),
      projectBuckets: () => {
        this.#buckets ??= this.#listBuckets();
        return this.#buckets;
      },
      absences: this.#options.absences,
      linkageMaxBytes,
      readHashes,
      dataFollows: false,
      nowMs: () => clock.nowMs(),
      signal: this.signal,
    });
  }

  async #locate(backupId: string): Promise<readonly Location[]> {
    const { revision, locations } = await this.#services.catalogue.backups.locateBackup(
      this.#options.chain.projectId,
      backupId,
    );
    // What was true at the first look is what the verdict rests on.
    if (!this.#revisions.has(backupId)) this.#revisions.set(backupId, revision);
    const planned = this.#options.planned.get(backupId);
    return planned === undefined ? locations : [...locations, planned];
  }

  async #listBuckets(): Promise<readonly string[]> {
    const { chain, planned } = this.#options;
    const buckets = await this.#services.catalogue.backups.projectBuckets(chain.projectId, chain.storageUnitId);
    return [...new Set([...buckets, ...[...planned.values()].map(({ bucketName }) => bucketName)])];
  }
}

import type { BackupSync } from '@backup-sync/contracts';
import type { LocatedBackup } from '../catalogue/backup-records.ts';
import { isLeaseLost } from '../catalogue/fence.ts';
import type { ChainKey, MissingParent } from '../catalogue/operation-records.ts';
import { isCatalogueFault } from '../catalogue-refusal.ts';
import type { ChainContext } from '../chain/chain-context.ts';
import { openChain } from '../chain/examiner.ts';
import type { ChainExaminer } from '../chain/format.ts';
import { isOfData } from '../chain/proof/lasting-fault.ts';
import { type EdgeProof, type Examination, type Fault, isSameLocation, type Location } from '../chain/proof/link.ts';
import { recentGrants } from '../identity/recent-grants.ts';
import { isSince } from '../operations/stored-times.ts';
import type { PlanServices } from '../services.ts';
import { countRequests, type RequestCount } from '../storage/counted-storage-unit.ts';
import { limitToGrants } from '../storage/granted-storage-unit.ts';
import { StorageError, type StorageUnit } from '../storage/port.ts';
import { listInRanges } from '../storage/ranges/list-in-ranges.ts';
import { reasonOfStorageError } from '../storage/storage-reason.ts';
import { foundInOtherForm, otherForms } from '../unicode-form.ts';
import { EarlyReads } from './early-reads.ts';
import { findListings } from './find-listings.ts';

export type ChainLookOptions = {
  readonly chain: ChainKey;
  readonly storage: StorageUnit;
  readonly imagePaths: readonly string[];
  /** The backups that will be examined. */
  readonly backupIds: readonly string[];
  /** Locations of a plan's own items. A plan treats them as a sync treats unfinished imports. */
  readonly planned: ReadonlyMap<string, Location>;
  /** See {@link ChainContext}. */
  readonly absences: ChainContext['absences'];
  readonly packages: NonNullable<ChainContext['packages']>;
  /** False for plans; see {@link ChainContext}. */
  readonly readHashes: ChainContext['readHashes'];
  /** Proofs made before this time are ignored. Milliseconds since 1970; 0: none is. */
  readonly proofsNotBeforeMs: number;
  /** Aborted when the work is no longer wanted. A look then throws its reason. */
  readonly stopping: AbortSignal;
  /** Aborted when the time is up. A look then ends with `deadline_exceeded` and this detail. */
  readonly deadline: { readonly signal: AbortSignal; readonly detail: string };
  /** Called with faults of this program. Returns the detail that the caller gets. */
  readonly onFault: (item: BackupSync, error: unknown) => string;
};

/** The result of a look at one backup: its examination, or the fault that prevented it. */
export type Seen = {
  /** The requests of the look. Requests shared by the links of a chain count for the first of them. */
  readonly requests: RequestCount;
} & ({ readonly kind: 'seen'; readonly examination: Examination } | { readonly kind: 'unseen'; readonly fault: Fault });

/** Ids of the ancestors that were found, the parent first. */
export function ancestorIdsOf(seen: Seen): readonly string[] {
  return seen.kind === 'seen' ? seen.examination.ancestors.map(({ backupId }) => backupId) : [];
}

/** Examines the backups of one chain. Lists the chain once, when the first backup is examined. */
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
  /** Revisions of the records that were looked up. Null if there was no record. */
  readonly #revisions = new Map<string, number | null>();
  readonly #knownProofs: EarlyReads<EdgeProof>;
  readonly #knownPlaces: EarlyReads<LocatedBackup>;
  #accounted: RequestCount = { lists: 0, gets: 0, bytesRead: 0 };
  /** Proofs that {@link withProofs} has not handed out yet. */
  #proofs: readonly EdgeProof[] = [];

  constructor(services: PlanServices, options: ChainLookOptions) {
    const listGrants = recentGrants(services.catalogue, options.chain.projectId, services.world.clock);
    // A request refused because of a missing grant does not count.
    const counted = countRequests(options.storage);
    this.#count = counted.count;
    this.#services = services;
    this.#options = options;
    this.chain = options.chain;
    this.signal = AbortSignal.any([options.stopping, options.deadline.signal]);
    this.storage = listInRanges(limitToGrants(counted.unit, listGrants), this.signal);
    const { backups } = services.catalogue;
    const { projectId } = options.chain;
    this.#knownProofs = new EarlyReads(options.backupIds, services.world.clock, async (ids) => {
      const proofs = await backups.findProofs(projectId, ids);
      return new Map(proofs.map((proof) => [proof.backupId, proof]));
    });
    this.#knownPlaces = new EarlyReads(options.backupIds, services.world.clock, async (ids) => {
      const located = await backups.locateBackups(projectId, ids);
      return new Map(located.map((each) => [each.backupId, each]));
    });
  }

  /** Examines one backup. Throws the reason of `stopping`, and catalogue errors. */
  async look(item: BackupSync): Promise<Seen> {
    return await this.attempt(item, async () => {
      this.#examiner ??= this.#open();
      const examination = await (await this.#examiner).examine(item);
      if (examination === null) {
        const place = `${item.bucket_name}/${item.image_path}`;
        return { code: 'path_not_found', detail: `${place}${await this.#otherForm(item)}` };
      }
      this.#proofs = [...this.#proofs, ...examination.newProofs];
      const { missingParentId } = examination;
      // Formats that know where a parent must be, and recorded proofs, do not look up its record.
      if (missingParentId !== null && !this.#revisions.has(missingParentId)) await this.#locate(missingParentId);
      return examination;
    });
  }

  /** A note if the image path exists in another Unicode normalisation: macOS and some copying programs change it. */
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
   * Adds the new proofs of a backup and its ancestors that were not handed out yet. If parents come first, each backup
   * gets its own, in whatever order they were examined.
   */
  withProofs(item: BackupSync, seen: Seen): Seen {
    if (seen.kind === 'unseen') return seen;
    const { examination } = seen;
    const chain = new Set([item.backup_id, ...examination.ancestors.map(({ backupId }) => backupId)]);
    const newProofs = this.#proofs.filter(({ backupId }) => chain.has(backupId));
    this.#proofs = this.#proofs.filter(({ backupId }) => !chain.has(backupId));
    return { ...seen, examination: { ...examination, newProofs } };
  }

  /**
   * The missing parent that is the fault of the backup, with the revision that its record had at its first lookup. Null
   * if no parent is missing.
   */
  missingParentOf(seen: Seen): MissingParent | null {
    const backupId = seen.kind === 'seen' ? seen.examination.missingParentId : null;
    if (backupId === null) return null;
    const revision = this.#revisions.get(backupId);
    // A wrong revision would make the import due again without end: the record seems to have changed.
    if (revision === undefined) throw new Error(`the record of the missing parent ${backupId} was not looked up`);
    return { backupId, revision };
  }

  /**
   * Runs work that examines a backup of this chain. If storage refuses, the time is up or this program has a fault, the
   * result is `unseen` with that fault. Throws the reason of `stopping`, and catalogue errors.
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
      if (isCatalogueFault(error) || isLeaseLost(error)) throw error;
      if (deadline.signal.aborted) return { code: 'deadline_exceeded', detail: deadline.detail };
      if (error instanceof StorageError) return { code: reasonOfStorageError[error.code], detail: error.message };
      return { code: 'internal', detail: onFault(item, error) };
    }
  }

  /** Returns the requests since the last call. */
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
      work: { linkageMaxBytes, trustedRoots },
      world: { clock },
    } = this.#services;
    const { chain, imagePaths, proofsNotBeforeMs, readHashes } = this.#options;
    return openChain({
      storage: this.storage,
      bucketName: chain.bucketName,
      imagePaths,
      findProofs: async (backupIds) => {
        const proofs = [...(await this.#knownProofs.of(backupIds)).values()];
        if (proofsNotBeforeMs === 0) return proofs;
        const nowMs = clock.nowMs();
        return proofs.filter(
          ({ verifiedAtMs, fault }) =>
            (fault !== null && isOfData(fault.code)) || isSince(verifiedAtMs, proofsNotBeforeMs, nowMs),
        );
      },
      findListings: (backupIds) => findListings(this.#services.catalogue, chain.projectId, backupIds),
      provedListing: (backupId, location) => catalogue.backups.provedListing(chain.projectId, backupId, location),
      locate: (backupId) => this.#locate(backupId),
      hasRecord: async (backupId, location) => {
        const located = (await this.#knownPlaces.of([backupId])).get(backupId);
        const [first] = located?.locations ?? [];
        return located?.revision != null && first !== undefined && isSameLocation(first, location);
      },
      projectBuckets: () => {
        this.#buckets ??= this.#listBuckets();
        return this.#buckets;
      },
      absences: this.#options.absences,
      packages: this.#options.packages,
      linkageMaxBytes,
      readHashes,
      dataFollows: false,
      trustedRoots: trustedRoots(),
      nowMs: () => clock.nowMs(),
      signal: this.signal,
    });
  }

  async #locate(backupId: string): Promise<readonly Location[]> {
    const located = (await this.#knownPlaces.of([backupId])).get(backupId);
    const { revision, locations } = located ?? { revision: null, locations: [] };
    // The verdict is based on the revision of the first lookup.
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

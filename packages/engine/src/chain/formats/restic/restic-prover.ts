import type { BackupSync } from '@backup-sync/contracts';
import type { ObjectEntry } from '../../../storage/port.ts';
import type { Check } from '../../proof/check-version.ts';
import { isOfAccess } from '../../proof/lasting-fault.ts';
import { type EdgeProof, type Fault, type Form, isSameLocation, type SharedListing } from '../../proof/link.ts';
import { concludeEdge, type Finding, type ListedLink, type ProvedLink, reusedLink } from '../../proof/proved-link.ts';
import { findMismatch } from '../../proof/request-mismatch.ts';
import type { FoundLink, LinkProver } from '../../proof/walked-chain.ts';
import { isSameShared } from '../../shared-objects.ts';
import { sealBytes } from './key-document.ts';
import { damageOf, type KnownDamage } from './known-damage.ts';
import { parseSnapshotPath } from './repository-path.ts';
import { type Change, impossibleSize } from './repository-state.ts';
import type { ResticRepository } from './restic-repository.ts';

/** Raise the version when an old proof would come out differently today. */
const resticCheck: Check = { version: 'restic/1', reusable: [], judgedByEtag: [] };

const resticForm: Form = { ceiling: 'metadata', gaps: ['packs_unlisted'] };
const shrunkForm: Form = { ...resticForm, gaps: ['packs_unlisted', 'objects_disappeared'] };

const packsLimit = 'missing packs cannot be seen without the password';

/** What to do about objects that are gone. */
export const lossRemark =
  'objects are gone although no index was written since: the leftover of an interrupted backup was pruned, or they were lost; run "restic check"';

/** A snapshot as it was last listed. */
export type ResticLink = ListedLink & { readonly entry: ObjectEntry };

/** Proves the snapshots of one repository. They have no parents: each may need any pack. */
export class ResticProver implements LinkProver<ResticLink> {
  readonly format = 'restic';
  readonly check = resticCheck;
  readonly #repository: ResticRepository;

  constructor(repository: ResticRepository) {
    this.#repository = repository;
  }

  async find(item: BackupSync): Promise<FoundLink<ResticLink> | null> {
    const { image_path: imagePath } = item;
    const path = parseSnapshotPath(imagePath);
    const entry = this.#repository.snapshotAt(imagePath);
    if (path === null || entry === null) return null;
    const { bucketName } = this.#repository.context;
    const link = { backupId: path.name, bucketName, imagePath, listing: null, entry };
    const fault = findMismatch(item, { source: 'its image path', backupId: path.name, resourceId: null });
    if (fault === null) return { link, refusal: null };
    const listing = this.#repository.listingOf(entry);
    return { link, refusal: { fault, listing, shared: this.#repository.state.sharedOf(entry) } };
  }

  /**
   * See `LinkProver.reuse`. Objects that were added change nothing for a snapshot, but may complete a broken
   * repository. What was found by reading data holds until the object is pruned, or is read again. Before data is read,
   * nothing is reused: the keys are read, too.
   */
  async reuse(link: ResticLink, proof: EdgeProof): Promise<ProvedLink<ResticLink> | null> {
    const { state, context } = this.#repository;
    const recorded = this.#recordedOf(link);
    if (recorded === null || context.dataFollows) return null;
    const change = state.changeSince(recorded, link.entry);
    const hasLost = recorded.hasLost === true;
    if (proof.fault !== null && damageOf(proof.fault, proof.verifiedAtMs) === null) {
      const isAsBefore = change === 'none' && state.hasKeysOf(recorded);
      return isAsBefore ? reusedLink(link, null, proof, recorded) : null;
    }
    if (state.packFault !== null || state.indexFault !== null || change === 'other') return null;
    if (proof.fault !== null) {
      const isOver = change === 'pruned' && !this.#repository.hasDamaged(proof.fault);
      return isOver ? null : reusedLink(link, null, proof, change === 'none' ? recorded : state.sharedOf(link.entry));
    }
    if (!state.hasKeysOf(recorded) || (await this.#damageSince(proof)) !== null) return null;
    if (change === 'lost') return hasLost ? reusedLink(link, null, proof, recorded) : null;
    if (hasLost || change === 'pruned') return null;
    return reusedLink(link, null, proof, change === 'none' ? recorded : state.sharedOf(link.entry));
  }

  async prove(link: ResticLink): Promise<ProvedLink<ResticLink>> {
    const { entry } = link;
    const { state, context } = this.#repository;
    if (entry.size <= sealBytes) return this.#conclude(link, { fault: impossibleSize(entry) });
    const found = await this.#repository.findFault();
    if (found !== null) {
      const { fault, looksMissing } = found;
      const level = isOfAccess(fault.code) ? 'presence' : null;
      return this.#conclude(link, { level, fault, suspect: looksMissing ? link : null });
    }
    if (state.packFault !== null) return this.#conclude(link, { level: 'metadata', fault: state.packFault });
    const damage = context.dataFollows
      ? null
      : await this.#damageSince(this.#repository.recorded.get(link.backupId)?.proof ?? null);
    if (damage !== null) {
      const proved = await this.#conclude(link, { level: 'metadata', fault: damage.fault });
      // It was found when the other snapshot was read. What is read of this one after that counts more.
      return { ...proved, proof: { ...proved.proof, verifiedAtMs: damage.foundAtMs } };
    }
    const hasLost = this.#changeSinceProof(link) === 'lost';
    const finding = { level: 'metadata', fault: null, limit: packsLimit, suspect: hasLost ? link : null } as const;
    return this.#conclude(link, finding, hasLost);
  }

  async listAgain(link: ResticLink): Promise<ResticLink | null> {
    const before = this.#repository.state.sharedOf(link.entry);
    await this.#repository.listAgain();
    const entry = this.#repository.snapshotAt(link.imagePath);
    if (entry === null) return null;
    return isSameShared(this.#repository.state.sharedOf(entry), before) ? link : { ...link, entry };
  }

  async release(): Promise<void> {}

  /** What was recorded of this snapshot at this place; null if nothing was. */
  #recordedOf({ backupId, bucketName, imagePath }: ResticLink): SharedListing | null {
    const recorded = this.#repository.recorded.get(backupId);
    const here = { storageUnitId: this.#repository.context.storage.id, bucketName, imagePath };
    return recorded !== undefined && isSameLocation(recorded.proof.location, here) ? recorded.listing.shared : null;
  }

  /** How the repository has changed since it was proved to be whole; null if it was not. */
  #changeSinceProof(link: ResticLink): Change | null {
    const recorded = this.#recordedOf(link);
    const fault: Fault | null = this.#repository.recorded.get(link.backupId)?.proof.fault ?? null;
    if (recorded === null || (fault !== null && fault.code !== 'content_mismatch')) return null;
    return this.#repository.state.changeSince(recorded, link.entry);
  }

  /** What reading another snapshot has found since this proof was made of an object that this one may need, too. */
  async #damageSince(proof: EdgeProof | null): Promise<KnownDamage | null> {
    const damage = await this.#repository.findDamage();
    const wasReadSince = damage !== null && proof?.fault === null && proof.verifiedAtMs > damage.foundAtMs;
    return wasReadSince ? null : damage;
  }

  async #conclude(link: ResticLink, finding: Finding<ResticLink>, hasLost = false): Promise<ProvedLink<ResticLink>> {
    const { context, state, remark, keyObjects } = this.#repository;
    const recorded = this.#recordedOf(link);
    // What was there before the loss is kept, so that the next listing shows whether it is back.
    const now = state.sharedOf(link.entry);
    const shared: SharedListing = hasLost && recorded !== null ? { ...recorded, keys: now.keys, hasLost } : now;
    const keyRemark = finding.level === 'metadata' ? await this.#repository.keyRemark() : null;
    const remarks = [hasLost ? lossRemark : null, keyRemark, remark].filter((each) => each !== null);
    return concludeEdge(
      context,
      {
        link,
        listing: this.#repository.listingOf(link.entry),
        shared,
        parent: null,
        contentId: link.backupId,
        parentBackupId: null,
        form: hasLost ? shrunkForm : resticForm,
        // The time of a snapshot is encrypted.
        formatTime: null,
        checkVersion: resticCheck.version,
        read: keyObjects,
        remark: remarks.length === 0 ? null : remarks.join('; '),
        awaitsData: context.dataFollows && finding.fault === null,
      },
      finding,
    );
  }
}

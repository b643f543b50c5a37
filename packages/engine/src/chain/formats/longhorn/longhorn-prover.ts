import type { BackupSync } from '@backup-sync/contracts';
import type { EdgeProof } from '../../proof/link.ts';
import { type ProvedLink, reusedLink } from '../../proof/proved-link.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import { findMismatch } from '../../proof/request-mismatch.ts';
import type { FoundLink, LinkProver } from '../../proof/walked-chain.ts';
import { isSameShared } from '../../shared-objects.ts';
import { parseBackupPath } from './backup-path.ts';
import { type LonghornLink, longhornCheck, proveBackup } from './backup-proof.ts';
import type { LonghornVolume } from './longhorn-volume.ts';
import { listingOf, sharedListingOf } from './volume-listing.ts';

/**
 * Proves the backups of one volume. They share blocks but have no parents, because each backup names all its blocks.
 */
export class LonghornProver implements LinkProver<LonghornLink> {
  readonly format = 'longhorn';
  readonly check = longhornCheck;
  readonly #volume: LonghornVolume;

  constructor(volume: LonghornVolume) {
    this.#volume = volume;
  }

  async find(item: BackupSync): Promise<FoundLink<LonghornLink> | null> {
    const { listing, context } = this.#volume;
    const { image_path: imagePath, resource_type: resourceType } = item;
    const path = parseBackupPath(imagePath);
    const entry = listing.backupCfgs.get(imagePath);
    if (path?.volumeFolder !== listing.volumeFolder || entry === undefined) return null;
    const { backupName, volumeName } = path;
    const link = { backupId: backupName, bucketName: context.bucketName, imagePath, listing: null, path, entry };
    const resourceId = resourceType.includes('Volume') ? volumeName : null;
    const fault = findMismatch(item, { source: 'its image path', backupId: backupName, resourceId });
    if (fault === null) return { link, refusal: null };
    const shared = sharedListingOf(listing, entry);
    return { link, refusal: { fault, listing: listingOf(listing, entry, null), shared } };
  }

  /**
   * See `LinkProver.reuse`. The proof holds while the cfg and its blocks are unchanged; the shared listing is updated.
   */
  async reuse(link: LonghornLink, proof: EdgeProof): Promise<ProvedLink<LonghornLink> | null> {
    const { listing } = this.#volume;
    const { entry } = link;
    const recorded = this.#volume.recorded.get(link.backupId);
    const shared = recorded?.shared ?? null;
    if (shared === null) return null;
    const now = sharedListingOf(listing, entry);
    if (recorded?.digest !== proof.listing.digest || shared.own !== now.own) return null;
    if (isSameShared(now, shared)) return reusedLink(link, null, proof, shared);
    if (!(await this.#describesAsBefore(link, shared.index, now.index))) return null;
    const older = listing.shared.upTo(shared.newestObjectAtMs);
    const hasOlder = older.count === shared.count && older.digest === shared.digest;
    // Blocks that were added since cannot harm a whole backup, but may complete a broken one.
    if (hasOlder && proof.fault === null) return reusedLink(link, null, proof, now);
    try {
      const { digest } = listingOf(listing, entry, await this.#volume.readCfg(entry));
      return digest === proof.listing.digest ? reusedLink(link, null, proof, now) : null;
    } catch (error) {
      if (error instanceof ReadFault) return null;
      throw error;
    }
  }

  prove(link: LonghornLink): Promise<ProvedLink<LonghornLink>> {
    return proveBackup(this.#volume, link);
  }

  async listAgain(link: LonghornLink): Promise<LonghornLink | null> {
    const before = sharedListingOf(this.#volume.listing, link.entry);
    await this.#volume.listAgain();
    const entry = this.#volume.listing.backupCfgs.get(link.imagePath);
    if (entry === undefined) return null;
    const now = sharedListingOf(this.#volume.listing, entry);
    const isSame = isSameShared(now, before);
    if (isSame && now.newestObjectAtMs === before.newestObjectAtMs) return link;
    if (!isSame) this.#volume.forgetVolumeCfg();
    return { ...link, entry };
  }

  async release(): Promise<void> {
    this.#volume.releaseCfg();
  }

  /**
   * Whether `volume.cfg` says the same of this backup as when it was proved. It contains the size of the latest backup
   * only.
   */
  async #describesAsBefore({ path }: LonghornLink, before: string | null, now: string | null): Promise<boolean> {
    const { volumeCfg } = this.#volume.listing;
    if (volumeCfg === null || before === now) return before === now;
    try {
      const { lastBackupName } = await this.#volume.readVolumeCfg(volumeCfg, path.volumeName);
      return lastBackupName !== path.backupName;
    } catch (error) {
      if (error instanceof ReadFault) return false;
      throw error;
    }
  }
}

import type { BackupSync } from '@backup-sync/contracts';
import { mayExceedReading } from '../../proof/etags/settle-etags.ts';
import type { EdgeProof } from '../../proof/link.ts';
import { type ProvedLink, reusedLink } from '../../proof/proved-link.ts';
import { findMismatch } from '../../proof/request-mismatch.ts';
import type { FoundLink, LinkProver } from '../../proof/walked-chain.ts';
import { manifestCheck, proveManifest } from './link-proof.ts';
import { isManifestPlace, type ManifestPlace } from './manifest-link.ts';
import type { ManifestTools } from './manifest-tools.ts';

/** Proves backups with this project's own manifest. */
export class ManifestProver implements LinkProver<ManifestPlace> {
  readonly format = 'manifest';
  readonly check = manifestCheck;
  readonly #tools: ManifestTools;

  constructor(tools: ManifestTools) {
    this.#tools = tools;
  }

  async find(
    item: BackupSync,
    isRecorded: (place: ManifestPlace) => Promise<boolean>,
  ): Promise<FoundLink<ManifestPlace> | null> {
    const { context, listings, readings } = this.#tools;
    const listed = await listings.at(context.bucketName, item.image_path);
    if (listed === null || !isManifestPlace(listed)) return null;
    const place = { ...listed, backupId: item.backup_id };
    if (await isRecorded(place)) return { link: place, refusal: null };
    const reading = await readings.read(place);
    if (reading.kind === 'foreign') return null;
    if (reading.kind === 'unread') return { link: place, refusal: null };
    const { backup, resource } = reading.link.header;
    const { manifest, imagePath, listing } = place;
    // A request may give a server's id for a backup of one of its volumes.
    const resourceId = item.resource_type === resource.type ? resource.id : null;
    const fault = findMismatch(item, { source: manifest?.key ?? imagePath, backupId: backup.id, resourceId });
    return { link: place, refusal: fault === null ? null : { fault, listing, shared: null } };
  }

  async reuse(place: ManifestPlace, proof: EdgeProof): Promise<ProvedLink<ManifestPlace> | null> {
    const { context, listings } = this.#tools;
    // A proof that ended at the maximum number of bytes to read may get further with another maximum.
    const isLimited = proof.level === 'metadata' && mayExceedReading(context, proof.listing);
    if (proof.fault === null && proof.limit !== null && !isLimited) return null;
    if (proof.parentBackupId === null) return reusedLink(place, null, proof);
    // The manifest says where the parent is, and so does the parent's own proof.
    const [ofParent] = await context.findProofs([proof.parentBackupId]);
    if (ofParent === undefined || ofParent.location.storageUnitId !== context.storage.id) return null;
    const parent = await listings.at(ofParent.location.bucketName, ofParent.location.imagePath);
    if (parent === null || parent.listing.digest !== proof.parentListingDigest) return null;
    return reusedLink(place, { ...parent, backupId: proof.parentBackupId }, proof);
  }

  prove(place: ManifestPlace): Promise<ProvedLink<ManifestPlace>> {
    return proveManifest(this.#tools, place);
  }

  async listAgain(place: ManifestPlace): Promise<ManifestPlace | null> {
    const { bucketName, imagePath, backupId, listing } = place;
    const fresh = await this.#tools.listings.again(bucketName, imagePath);
    if (fresh === null) return null;
    return fresh.listing.digest === listing.digest ? place : { ...fresh, backupId };
  }

  release(place: ManifestPlace): Promise<void> {
    return this.#tools.readings.release(place);
  }
}

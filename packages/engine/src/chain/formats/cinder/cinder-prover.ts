import type { BackupSync } from '@backup-sync/contracts';
import type { EdgeProof } from '../../proof/link.ts';
import type { ProvedLink } from '../../proof/proved-link.ts';
import { findMismatch } from '../../proof/request-mismatch.ts';
import type { FoundLink, LinkProver } from '../../proof/walked-chain.ts';
import type { CinderLink } from './link-listing.ts';
import { cinderCheck, proveLink } from './link-proof.ts';
import { reuseProof } from './proof-reuse.ts';
import type { ProofTools } from './proof-tools.ts';

/** Proves the backups of one volume. */
export class CinderProver implements LinkProver<CinderLink> {
  readonly format = 'cinder';
  readonly check = cinderCheck;
  readonly #tools: ProofTools;

  constructor(tools: ProofTools) {
    this.#tools = tools;
  }

  async find(item: BackupSync): Promise<FoundLink<CinderLink> | null> {
    const { context, folders } = this.#tools;
    const link = await folders.linkAt(context.bucketName, item.image_path);
    if (link === null) return null;
    const { backupId, volumeId, listing } = link;
    // A request may give a server's id for a backup that is stored by its volume.
    const resourceId = item.resource_type.includes('Volume') ? volumeId : null;
    // This compares the ids in the key. The proof of the link compares the metadata's ids with those in the key.
    const fault = findMismatch(item, { source: 'its image path', backupId, resourceId });
    return { link, refusal: fault === null ? null : { fault, listing, shared: null } };
  }

  reuse(link: CinderLink, proof: EdgeProof): Promise<ProvedLink<CinderLink> | null> {
    return reuseProof(this.#tools, link, proof);
  }

  async prove(listed: CinderLink): Promise<ProvedLink<CinderLink> | null> {
    const { folders } = this.#tools;
    const link = folders.objectsOf(listed) === null ? await folders.listLinkAgain(listed) : listed;
    return link === null ? null : await proveLink(this.#tools, link);
  }

  async listAgain(link: CinderLink): Promise<CinderLink | null> {
    const fresh = await this.#tools.folders.listLinkAgain(link);
    return fresh?.listing.digest === link.listing.digest ? link : fresh;
  }

  async release(link: CinderLink): Promise<void> {
    this.#tools.folders.releaseObjects(link);
  }
}

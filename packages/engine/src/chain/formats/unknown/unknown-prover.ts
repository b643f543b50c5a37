import type { BackupSync } from '@backup-sync/contracts';
import type { FormatContext } from '../../format.ts';
import { ListingDigest } from '../../listing-digest.ts';
import type { Check } from '../../proof/check-version.ts';
import type { EdgeProof, Fault, Form, Listing } from '../../proof/link.ts';
import { concludeEdge, type ListedLink, type ProvedLink, reusedLink } from '../../proof/proved-link.ts';
import type { FoundLink, LinkProver } from '../../proof/walked-chain.ts';
import { findRefusal, minioRefusal } from './find-refusal.ts';

/** Raise the version when a place that was accepted before would be refused now. */
export const unknownCheck: Check = { version: 'unknown/3', reusable: [], judgedByEtag: [] };

const limit = 'no known backup format is stored at the image path, so only its presence can be proved';

const unknownForm: Form = { ceiling: 'presence', gaps: ['format_unknown'] };

type UnknownLink = ListedLink & { readonly listing: Listing };

/** Proves the presence of backups in formats that are not recognised, from one listing of each image path. */
export class UnknownProver implements LinkProver<UnknownLink> {
  readonly format = 'unknown';
  readonly check = unknownCheck;
  readonly #context: FormatContext;

  constructor(context: FormatContext) {
    this.#context = context;
  }

  async find(
    item: BackupSync,
    isRecorded: (link: UnknownLink) => Promise<boolean>,
  ): Promise<FoundLink<UnknownLink> | null> {
    const { bucketName, hasRecord, listings, storage } = this.#context;
    const { backup_id: backupId, image_path: imagePath } = item;
    const place = await listings.at(bucketName, imagePath);
    if (place === null && !listings.isMinioPath(imagePath)) return null;
    const listing = place?.listing ?? new ListingDigest().finish();
    const link = { backupId, bucketName, imagePath, listing };
    const location = { storageUnitId: storage.id, bucketName, imagePath };
    if ((await isRecorded(link)) && (await hasRecord(backupId, location))) return { link, refusal: null };
    const fault: Fault | null =
      place === null ? minioRefusal(`${bucketName}/${imagePath}`) : await findRefusal(this.#context, place);
    return { link, refusal: fault === null ? null : { fault, listing, shared: null } };
  }

  async reuse(link: UnknownLink, proof: EdgeProof): Promise<ProvedLink<UnknownLink>> {
    return reusedLink(link, null, proof);
  }

  async prove(link: UnknownLink): Promise<ProvedLink<UnknownLink>> {
    const { listing } = link;
    return concludeEdge(
      this.#context,
      {
        link,
        listing,
        shared: null,
        parent: null,
        contentId: listing.fingerprint,
        parentBackupId: null,
        form: unknownForm,
        formatTime: null,
        checkVersion: unknownCheck.version,
        read: [],
        remark: null,
        awaitsData: false,
      },
      { fault: null, level: 'presence', limit },
    );
  }

  async listAgain(link: UnknownLink): Promise<UnknownLink> {
    return link;
  }

  async release(): Promise<void> {}
}

import type { BackupSync } from '@backup-sync/contracts';
import { compareKeys } from '../../../storage/key-order.ts';
import type { FormatContext } from '../../format.ts';
import { isAtOrBelow } from '../../listing-comparison.ts';
import { ListingDigest } from '../../listing-digest.ts';
import { isMinioFile } from '../../minio-layout.ts';
import type { Check } from '../../proof/check-version.ts';
import type { EdgeProof, Fault, Listing } from '../../proof/link.ts';
import { concludeEdge, type ListedLink, type ProvedLink, reusedLink } from '../../proof/proved-link.ts';
import type { FoundLink, LinkProver } from '../../proof/walked-chain.ts';
import { findMark, isMark } from './find-mark.ts';
import { programKeys } from './program-keys.ts';
import { type ProgramName, programs } from './programs.ts';

/** A backup as it was last listed. */
type RecognisedLink = ListedLink & {
  readonly listing: Listing;
  /** Whether its commit mark is there, with content. */
  readonly isCommitted: boolean;
};

/** Proves the presence of backups of one program, from one listing of each image path. */
export class RecognisedProver implements LinkProver<RecognisedLink> {
  readonly format: ProgramName;
  readonly check: Check;
  readonly #context: FormatContext;

  constructor(name: ProgramName, context: FormatContext) {
    this.format = name;
    // Raise the number when a place that was accepted before would be refused now.
    this.check = { version: `${name}/1`, reusable: [], judgedByEtag: [] };
    this.#context = context;
  }

  /** A request contradicts nothing, since ids and resources are not read. */
  async find({ backup_id: backupId, image_path: imagePath }: BackupSync): Promise<FoundLink<RecognisedLink> | null> {
    if (programKeys[this.format].placeAt(imagePath) === null) return null;
    const link = await this.#list(backupId, imagePath);
    return link === null ? null : { link, refusal: null };
  }

  async reuse(link: RecognisedLink, proof: EdgeProof): Promise<ProvedLink<RecognisedLink>> {
    return reusedLink(link, null, proof);
  }

  async prove(link: RecognisedLink): Promise<ProvedLink<RecognisedLink>> {
    const { listing, imagePath, isCommitted } = link;
    const { mark, gap, limit } = programs[this.format];
    const detail = `${imagePath}${mark.suffix} is not there, or empty`;
    const fault: Fault | null = isCommitted ? null : { code: 'incomplete', detail };
    return concludeEdge(
      this.#context,
      {
        link,
        listing,
        shared: null,
        parent: null,
        contentId: isCommitted ? listing.fingerprint : null,
        parentBackupId: null,
        form: { ceiling: 'presence', gaps: [gap] },
        formatTime: programKeys[this.format].placeAt(imagePath)?.madeAt ?? null,
        checkVersion: this.check.version,
        read: [],
        remark: null,
        awaitsData: false,
      },
      fault === null ? { fault, level: 'presence', limit } : { fault, suspect: link },
    );
  }

  async listAgain(link: RecognisedLink): Promise<RecognisedLink | null> {
    await this.#context.listings.again(link.bucketName, link.imagePath);
    const fresh = await this.#list(link.backupId, link.imagePath);
    return fresh?.listing.digest === link.listing.digest ? link : fresh;
  }

  async release(): Promise<void> {}

  /** The backup as a listing shows it; null if nothing there proves that it is of this program. */
  async #list(backupId: string, imagePath: string): Promise<RecognisedLink | null> {
    const { mark } = programs[this.format];
    const isInside = !mark.isWholeKey || mark.suffix === '' || mark.suffix.startsWith('/');
    const evidence = isInside ? await this.#listFolder(imagePath) : await this.#listWithMark(imagePath);
    if (evidence === null) return null;
    const { bucketName } = this.#context;
    return { backupId, bucketName, imagePath, ...evidence };
  }

  /** Uses the listing that all formats share, in which the mark is. */
  async #listFolder(imagePath: string): Promise<Pick<RecognisedLink, 'listing' | 'isCommitted'> | null> {
    const { listings, bucketName } = this.#context;
    const place = await listings.at(bucketName, imagePath);
    if (place === null) return null;
    const { listing, objects } = place;
    const isWholeKey = programs[this.format].mark.isWholeKey;
    if (objects === null) {
      // Too many to keep: a request for the mark costs less than another listing.
      if ((await findMark(this.#context, this.format, imagePath)) !== null) return { listing, isCommitted: true };
      if (!isWholeKey) return null;
    }
    let [isProved, isCommitted] = [false, false];
    await listings.visit(place, ({ key: relativeKey, size, md5 }) => {
      const key = relativeKey.length === 0 ? imagePath : `${imagePath}/${relativeKey.toString()}`;
      if (isMinioFile(key, md5 !== null)) return;
      isProved ||= programKeys[this.format].partOf(key)?.imagePath === imagePath;
      isCommitted ||= size > 0 && isMark(this.format, imagePath, key);
    });
    return isCommitted || (isProved && isWholeKey) ? { listing, isCommitted } : null;
  }

  /** Lists the folder and the mark next to it. */
  async #listWithMark(imagePath: string): Promise<Pick<RecognisedLink, 'listing' | 'isCommitted'> | null> {
    const { storage, bucketName, signal } = this.#context;
    const markKey = `${imagePath}${programs[this.format].mark.suffix}`;
    const folderEnd = `${imagePath}0`;
    const digest = new ListingDigest();
    let [isProved, isCommitted] = [false, false];
    for await (const page of storage.list({ bucket: bucketName, prefix: imagePath, signal })) {
      for (const entry of page) {
        const { key, size } = entry;
        const relativeKey = key.slice(imagePath.length);
        if (key !== markKey && !isAtOrBelow(relativeKey)) continue;
        digest.add(relativeKey, entry);
        if (isMinioFile(key, entry.etag !== null)) continue;
        isProved ||= programKeys[this.format].partOf(key)?.imagePath === imagePath;
        isCommitted ||= key === markKey && size > 0;
      }
      // "0" follows "/" in the order of keys.
      const last = page.at(-1)?.key;
      if (last !== undefined && compareKeys(last, markKey) > 0 && compareKeys(last, folderEnd) >= 0) break;
    }
    return isProved || isCommitted ? { listing: digest.finish(), isCommitted } : null;
  }
}

import { createHash } from 'node:crypto';
import { type BackupSync, reaches, type VerificationLevel, verificationLevels } from '@backup-sync/contracts';
import type { FormatContext } from '../../format.ts';
import { type Check, isReusable } from '../../proof/check-version.ts';
import { isLasting, isOfAccess } from '../../proof/lasting-fault.ts';
import type { EdgeProof, Form } from '../../proof/link.ts';
import { refusePackaged } from '../../proof/packaged-disk.ts';
import { concludeEdge, type Finding, type ProvedLink, reusedLink } from '../../proof/proved-link.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import { leaveHashes } from '../../proof/unread-hashes.ts';
import type { FoundLink, LinkProver } from '../../proof/walked-chain.ts';
import { limitOfTables, proveTables } from '../../qcow2/prove-tables.ts';
import { geometry, readFirstLevel, secondLevelBytes } from '../../qcow2/tables.ts';
import { formOf, type OpenedImage, openImage } from './qcow2-image.ts';
import { findParent, linkAt, type Qcow2Link } from './qcow2-link.ts';
import { parseQcow2Path } from './qcow2-path.ts';

/** Raise the version when an old proof would come out differently today. */
const qcow2Check: Check = { version: 'qcow2/1', reusable: [], judgedByEtag: [] };

/** What a proof has found of a link so far. */
type Known = {
  readonly image: OpenedImage | null;
  readonly form: Form | null;
  readonly contentId: string | null;
  readonly parentId: string | null;
  readonly parent: Qcow2Link | null;
  readonly level: VerificationLevel | null;
};

const nothing: Known = { image: null, form: null, contentId: null, parentId: null, parent: null, level: null };

/** Proves disk images of QEMU. Each is one object. Those with a backing file need that, too. */
export class Qcow2Prover implements LinkProver<Qcow2Link> {
  readonly format = 'qcow2';
  readonly check = qcow2Check;
  readonly #context: FormatContext;

  constructor(context: FormatContext) {
    this.#context = context;
  }

  /** Images contain no id, so any id in a request is accepted, unless the image is a file of a package. */
  async find({ backup_id: backupId, image_path: imagePath }: BackupSync): Promise<FoundLink<Qcow2Link> | null> {
    if (parseQcow2Path(imagePath) === null) return null;
    const { bucketName, listings } = this.#context;
    const link = linkAt(await listings.at(bucketName, imagePath), { backupId, backingFormat: null });
    return link === null ? null : { link, refusal: await refusePackaged(this.#context, link) };
  }

  async reuse(link: Qcow2Link, proof: EdgeProof): Promise<ProvedLink<Qcow2Link> | null> {
    const { findProofs, listings, storage } = this.#context;
    const { parentBackupId, parentListingDigest } = proof;
    if (!stillHolds(proof)) return null;
    if (parentBackupId === null) return reusedLink(link, null, proof);
    // A parent that was not there may be by now.
    if (parentListingDigest === null) return null;
    // The image says where its parent is, and so does the parent's own proof.
    const [ofParent] = await findProofs([parentBackupId]);
    // Only the image says in which format it reads its parent, which must be known if the parent has to be proved.
    if (ofParent === undefined || ofParent.location.storageUnitId !== storage.id || !stillHolds(ofParent)) return null;
    const { bucketName, imagePath } = ofParent.location;
    const parent = linkAt(await listings.at(bucketName, imagePath), { backupId: parentBackupId, backingFormat: null });
    const isUnchanged = [ofParent.listing.digest, parentListingDigest].every((each) => each === parent?.listing.digest);
    return isUnchanged ? reusedLink(link, parent, proof) : null;
  }

  async prove(link: Qcow2Link): Promise<ProvedLink<Qcow2Link>> {
    let known = nothing;
    try {
      const image = await openImage(this.#context, link.entry, link.backingFormat);
      const { form, limit } = formOf(link.imagePath, image);
      const search = await findParent(this.#context, link, image);
      const contentId = createHash('sha256').update(describeImage(image, link));
      known = { ...nothing, image, form, parentId: search.parentId, parent: search.parent };
      known = { ...known, level: form.ceiling === 'presence' ? 'presence' : 'metadata' };
      const finding = { fault: null, ...(limit !== null && { limit: `${link.imagePath}: ${limit}` }) };
      if (image.kind !== 'qcow2') {
        known = { ...known, contentId: contentId.digest('hex'), level: form.ceiling };
        return this.#conclude(link, known, {
          ...finding,
          ...(image.kind === 'raw' && { volumeBytes: link.entry.size }),
        });
      }
      const firstLevel = await readFirstLevel(this.#context, image);
      known = { ...known, contentId: contentId.update(firstLevel).digest('hex') };
      if (image.header.isCorrupt) throw geometry(image.source, 'QEMU has marked it as corrupt');
      const volumeBytes = image.header.size;
      if (image.header.hasExternalData) return this.#conclude(link, known, { ...finding, volumeBytes });
      if (search.parentId !== null && search.parent === null) throw parentMissing(link, search.keys);
      const left = leaveHashes(
        this.#context,
        link.imagePath,
        [{ bucketName: link.bucketName, key: link.entry.key, bytes: secondLevelBytes(image, firstLevel) }],
        'tables',
      );
      // What is not checked is not claimed: a proof that is below its ceiling is made again.
      known = { ...known, level: verificationLevels[verificationLevels.indexOf(form.ceiling) - 1] ?? null };
      if (left !== null) return this.#conclude(link, known, { ...left, volumeBytes });
      const tooMany = limitOfTables(image);
      if (tooMany !== null) {
        return this.#conclude(link, known, { fault: null, limit: `${link.imagePath}: ${tooMany}`, volumeBytes });
      }
      await proveTables(this.#context, image, firstLevel);
      return this.#conclude(link, { ...known, level: form.ceiling }, { ...finding, volumeBytes });
    } catch (error) {
      if (!(error instanceof ReadFault)) throw error;
      const { fault, looksMissing } = error;
      const level = isOfAccess(fault.code) ? 'presence' : known.level;
      return this.#conclude(link, { ...known, level }, { fault, suspect: looksMissing ? link : null });
    }
  }

  async listAgain(link: Qcow2Link): Promise<Qcow2Link | null> {
    const fresh = linkAt(await this.#context.listings.again(link.bucketName, link.imagePath), link);
    return fresh?.listing.digest === link.listing.digest ? link : fresh;
  }

  async release(): Promise<void> {}

  #conclude(
    link: Qcow2Link,
    { image, form, contentId, parentId, parent, level }: Known,
    finding: Finding<Qcow2Link>,
  ): ProvedLink<Qcow2Link> {
    const isDirty = image?.kind === 'qcow2' && image.header.isDirty;
    return concludeEdge(
      this.#context,
      {
        ...{ link, parent, contentId, form, listing: link.listing, shared: null },
        parentBackupId: parentId,
        formatTime: null,
        checkVersion: qcow2Check.version,
        read: [link.entry],
        remark: isDirty ? `${link.imagePath} was not closed when it was copied: QEMU repairs its counts` : null,
        awaitsData: false,
      },
      { level, ...finding },
    );
  }
}

/** Whether a proof of an unchanged object would come out the same now, as far as it concerns the object alone. */
function stillHolds(proof: EdgeProof): boolean {
  const { form, level, fault } = proof;
  if (!isReusable(qcow2Check, proof)) return false;
  if (fault !== null) return isLasting(fault.code);
  // A proof that ended at the maximum number of bytes to read may get further with another maximum.
  return form !== null && level !== null && reaches(level, form.ceiling);
}

/** The state of an image as far as its header tells. Copies have the same. */
function describeImage(image: OpenedImage, { entry }: Qcow2Link): string {
  return JSON.stringify([
    'qcow2',
    entry.size,
    image.kind === 'qcow2' ? image.header : (entry.etag ?? entry.modifiedAtMs),
  ]);
}

function parentMissing({ entry }: Qcow2Link, keys: readonly string[]): ReadFault {
  const detail = `${entry.key} needs a backing file, which is not at ${keys.join(' or ')}`;
  return new ReadFault({ code: 'parent_missing', detail }, false);
}

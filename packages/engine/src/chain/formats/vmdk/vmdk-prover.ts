import type { BackupSync } from '@backup-sync/contracts';
import type { ObjectEntry } from '../../../storage/port.ts';
import type { Check } from '../../proof/check-version.ts';
import { isOfAccess } from '../../proof/lasting-fault.ts';
import type { EdgeProof, UnreadObject } from '../../proof/link.ts';
import { refusePackaged } from '../../proof/packaged-disk.ts';
import { concludeEdge, type Finding, type ProvedLink, reusedLink } from '../../proof/proved-link.ts';
import { orFault, ReadFault } from '../../proof/read-fault.ts';
import { leaveHashes } from '../../proof/unread-hashes.ts';
import type { FoundLink, LinkProver } from '../../proof/walked-chain.ts';
import { tableBytesOf } from '../../vmdk/sparse-extent.ts';
import type { VmdkImage } from '../../vmdk/vmdk-image.ts';
import { proveStructure } from '../../vmdk/vmdk-structure.ts';
import { findDiskOfPart, hasDescriptor } from './disk-of-part.ts';
import { contentIdOf, idOfVmdk, parentKeysOf, type VmdkChain, type VmdkLink, withSeen } from './vmdk-chain.ts';
import { diskOfPart, parseVmdkPath } from './vmdk-path.ts';

/** Raise the version when an old proof would come out differently today. */
const vmdkCheck: Check = { version: 'vmdk/1', reusable: [], judgedByEtag: [] };

const uncleanRemark = 'it was not closed when it was written, so its last changes may not be in it';

/** What the proof of a link has found so far. */
type Known = {
  readonly image: VmdkImage;
  readonly parent: VmdkLink | null;
  /** Objects that the proof rests on and that do not belong to the disk by their names, also if they are absent. */
  readonly others: readonly ObjectEntry[];
  readonly isUnclean: boolean;
};

/** Proves VMDK disks, each against the parent next to it. */
export class VmdkProver implements LinkProver<VmdkLink> {
  readonly format = 'vmdk';
  readonly check = vmdkCheck;
  readonly #chain: VmdkChain;

  constructor(chain: VmdkChain) {
    this.#chain = chain;
  }

  /** Disks contain no usable id, so any id in a request is accepted, unless the disk is a file of a package. */
  async find({ backup_id: backupId, image_path: imagePath }: BackupSync): Promise<FoundLink<VmdkLink> | null> {
    if (parseVmdkPath(imagePath) === null) return null;
    const { context } = this.#chain;
    const link = await this.#chain.linkAt('at', { backupId, bucketName: context.bucketName, imagePath });
    if (link === null || !(await this.#isDisk(link))) return null;
    return { link, refusal: await refusePackaged(context, link) };
  }

  /** A file that has the name of a part of a disk is one of its own if it was recorded as one, or shows it. */
  async #isDisk({ backupId, bucketName, imagePath }: VmdkLink): Promise<boolean> {
    if (diskOfPart(imagePath) === null) return true;
    const { context } = this.#chain;
    const [recorded] = await context.findProofs([backupId]);
    const isRecorded = recorded?.location.bucketName === bucketName && recorded.location.imagePath === imagePath;
    if (isRecorded) return true;
    if ((await findDiskOfPart(context, imagePath)) !== null) return false;
    const answer = await orFault(hasDescriptor(context, imagePath));
    return answer === true;
  }

  async reuse(link: VmdkLink, proof: EdgeProof): Promise<ProvedLink<VmdkLink> | null> {
    const { context } = this.#chain;
    // It may get further with another limit, and another parent.
    if (proof.fault === null && proof.limit !== null && proof.form?.ceiling === 'linkage') return null;
    if (proof.parentBackupId === null) return reusedLink(link, null, proof);
    const [ofParent] = await context.findProofs([proof.parentBackupId]);
    if (ofParent === undefined || ofParent.location.storageUnitId !== context.storage.id) return null;
    const parent = await this.#chain.linkAt('at', { ...ofParent.location, backupId: proof.parentBackupId });
    // The child was proved against the descriptor alone, perhaps before that of the parent had been read.
    const isSame = [parent?.listing, parent?.named].some((listing) => listing?.digest === proof.parentListingDigest);
    if (parent === null || !isSame) return null;
    return reusedLink(link, parent, proof);
  }

  async prove(link: VmdkLink): Promise<ProvedLink<VmdkLink>> {
    let image: VmdkImage | null = null;
    const others: ObjectEntry[] = [];
    try {
      image = await this.#chain.imageOf(link);
      return await this.#proveImage(link, image, others);
    } catch (error) {
      if (!(error instanceof ReadFault)) throw error;
      const { fault, looksMissing } = error;
      const level = image === null && isOfAccess(fault.code) ? 'presence' : null;
      const known = image === null ? null : { image, parent: null, others, isUnclean: false };
      return this.#conclude(link, known, { level, fault, suspect: looksMissing ? link : null });
    }
  }

  listAgain(link: VmdkLink): Promise<VmdkLink | null> {
    return this.#chain
      .linkAt('again', link)
      .then((fresh) => (fresh?.listing.digest === link.listing.digest ? link : fresh));
  }

  async release(link: VmdkLink): Promise<void> {
    this.#chain.release(link);
  }

  async #proveImage(link: VmdkLink, image: VmdkImage, others: ObjectEntry[]): Promise<ProvedLink<VmdkLink>> {
    const { context } = this.#chain;
    const inBucket = { ...context, bucketName: link.bucketName };
    const parent = await this.#chain.parentOf(link, image, others);
    const find = this.#chain.finderOf(link, others);
    const inventory = await proveStructure(inBucket, image, { find, upTo: 'inventory' });
    const tables = tablesOf(link.bucketName, image, inventory.extents);
    const left = tables.length === 0 ? null : leaveHashes(context, link.imagePath, tables, 'tables');
    const placed = new Map(inventory.extents.map(({ fileName, source }) => [fileName, source]));
    const isOpen = inventory.fault === null && left === null;
    const proved = isOpen
      ? await proveStructure(inBucket, image, { find: async (name) => placed.get(name) ?? null, upTo: 'linkage' })
      : inventory;
    const known = { image, parent, others, isUnclean: proved.isUnclean };
    const { level, fault, looksMissing } = proved;
    if (fault !== null) return this.#conclude(link, known, { level, fault, suspect: looksMissing ? link : null });
    if (image.limit !== null) {
      return this.#conclude(link, known, { level, fault: null, limit: `${link.imagePath}: ${image.limit}` });
    }
    if (left !== null) return this.#conclude(link, known, { level, ...left });
    const ofParent = parent === null ? null : await this.#compareWithParent(link, image, parent);
    return this.#conclude(
      link,
      known,
      ofParent === null ? { level, fault: null } : { level: 'inventory', ...ofParent },
    );
  }

  /** Returns null if the parent is the one that the disk remembers. */
  async #compareWithParent(link: VmdkLink, child: VmdkImage, parent: VmdkLink): Promise<Finding<VmdkLink> | null> {
    try {
      const { contentId } = (await this.#chain.imageOf(parent)).descriptor;
      const { parentContentId } = child.descriptor;
      if (contentId === parentContentId) return null;
      const [is, was] = [contentId, parentContentId ?? 0].map((id) => id.toString(16).padStart(8, '0'));
      const why = 'it was written to, or exported again, since the child was made';
      return {
        fault: null,
        limit: `${link.imagePath}: ${parent.imagePath} has CID ${is}, but must have ${was}; ${why}`,
      };
    } catch (error) {
      if (!(error instanceof ReadFault)) throw error;
      const { code, detail } = error.fault;
      const isOpen = isOfAccess(code) || code === 'changed_while_read';
      return { fault: { code: isOpen ? code : 'parent_broken', detail: `parent of ${link.imagePath}: ${detail}` } };
    }
  }

  #conclude(link: VmdkLink, known: Known | null, finding: Finding<VmdkLink>): ProvedLink<VmdkLink> {
    const image = known?.image ?? null;
    const [parentKey] = image === null ? [] : parentKeysOf(link.imagePath, image.descriptor);
    const parentId = parentKey === undefined ? null : idOfVmdk(link.bucketName, parentKey);
    const seen = withSeen(link, known?.others ?? []);
    return concludeEdge(
      this.#chain.context,
      {
        link: seen,
        listing: seen.listing,
        shared: null,
        parent: known?.parent ?? null,
        contentId: image === null ? null : contentIdOf(image),
        parentBackupId: known?.parent?.backupId ?? parentId,
        form: image?.form ?? null,
        formatTime: null,
        checkVersion: vmdkCheck.version,
        read: [link.entry, ...(known?.others ?? [])],
        remark: known?.isUnclean === true ? `${link.imagePath}: ${uncleanRemark}` : null,
        awaitsData: false,
      },
      { volumeBytes: image?.volumeBytes ?? null, ...finding },
    );
  }
}

/** The tables that a proof to `linkage` reads. */
function tablesOf(
  bucketName: string,
  image: VmdkImage,
  extents: Awaited<ReturnType<typeof proveStructure>>['extents'],
): readonly UnreadObject[] {
  return extents.flatMap(({ type, source, sectors }) =>
    type !== 'SPARSE' || source === null
      ? []
      : [{ bucketName, key: source.entry.key, bytes: tableBytesOf(sectors, image.header) }],
  );
}

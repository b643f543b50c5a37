import type { BackupSync } from '@backup-sync/contracts';
import type { ObjectEntry } from '../../../storage/port.ts';
import type { FormatContext } from '../../format.ts';
import { ListingDigest } from '../../listing-digest.ts';
import type { PathListing } from '../../path-listings.ts';
import type { Check } from '../../proof/check-version.ts';
import { isOfAccess } from '../../proof/lasting-fault.ts';
import type { EdgeProof, Form, Listing } from '../../proof/link.ts';
import { concludeEdge, type Finding, type ListedLink, type ProvedLink, reusedLink } from '../../proof/proved-link.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import type { FoundLink, LinkProver } from '../../proof/walked-chain.ts';
import { parseEtcdPath } from './etcd-path.ts';
import {
  checkSize,
  contentIdOf,
  copiedForm,
  hashedForm,
  hasTrailer,
  looksLikeEtcd,
  readDatabaseMeta,
} from './etcd-snapshot.ts';

/** Raise the version when an old proof would come out differently today. */
const etcdCheck: Check = { version: 'etcd/1', reusable: [], judgedByEtag: [] };

const copyLimit = 'it is a copy of the database without a hash, so its content cannot be proved';

/** A snapshot as it was last listed. */
export type EtcdLink = ListedLink & { readonly listing: Listing; readonly entry: ObjectEntry };

/** Proves snapshots of etcd. Each is one object, and needs no other. */
export class EtcdProver implements LinkProver<EtcdLink> {
  readonly format = 'etcd';
  readonly check = etcdCheck;
  readonly #context: FormatContext;

  constructor(context: FormatContext) {
    this.#context = context;
  }

  /** Snapshots contain no id, so any id in a request is accepted. */
  async find(
    { backup_id: backupId, image_path: imagePath }: BackupSync,
    isRecorded: (link: EtcdLink) => Promise<boolean>,
  ): Promise<FoundLink<EtcdLink> | null> {
    const path = parseEtcdPath(imagePath);
    if (path === null) return null;
    const link = linkAt(await this.#context.listings.at(this.#context.bucketName, imagePath), backupId);
    if (link === null) return null;
    const isOfEtcd = path.isDistinctive || (await isRecorded(link)) || (await this.#looksLikeEtcd(link));
    return isOfEtcd ? { link, refusal: null } : null;
  }

  async reuse(link: EtcdLink, proof: EdgeProof): Promise<ProvedLink<EtcdLink>> {
    return reusedLink(link, null, proof);
  }

  async prove(link: EtcdLink): Promise<ProvedLink<EtcdLink>> {
    const { entry } = link;
    try {
      const meta = await readDatabaseMeta(this.#context, entry);
      const isHashed = hasTrailer(entry, meta);
      const known = { contentId: contentIdOf(meta, entry), form: isHashed ? hashedForm : copiedForm };
      const fault = checkSize(entry, meta, this.#context.nowMs());
      if (fault !== null) return this.#conclude(link, known, { fault, level: 'metadata' });
      const limit = isHashed ? {} : { limit: `${link.imagePath}: ${copyLimit}` };
      return this.#conclude(link, known, { fault: null, level: 'inventory', ...limit });
    } catch (error) {
      if (!(error instanceof ReadFault)) throw error;
      const { fault, looksMissing } = error;
      const level = isOfAccess(fault.code) ? 'presence' : null;
      const finding = { level, fault, suspect: looksMissing ? link : null } as const;
      return this.#conclude(link, { contentId: null, form: null }, finding);
    }
  }

  async listAgain(link: EtcdLink): Promise<EtcdLink | null> {
    const fresh = linkAt(await this.#context.listings.again(link.bucketName, link.imagePath), link.backupId);
    return fresh?.listing.digest === link.listing.digest ? link : fresh;
  }

  async release(): Promise<void> {}

  /** An object that cannot be read may be one. */
  async #looksLikeEtcd({ entry }: EtcdLink): Promise<boolean> {
    try {
      return await looksLikeEtcd(this.#context, entry);
    } catch (error) {
      if (error instanceof ReadFault) return true;
      throw error;
    }
  }

  #conclude(
    link: EtcdLink,
    known: { readonly contentId: string | null; readonly form: Form | null },
    finding: Finding<EtcdLink>,
  ): ProvedLink<EtcdLink> {
    const madeAtS = parseEtcdPath(link.imagePath)?.madeAtS ?? null;
    return concludeEdge(
      this.#context,
      {
        link,
        listing: link.listing,
        shared: null,
        parent: null,
        ...known,
        parentBackupId: null,
        formatTime: madeAtS === null ? null : { atMs: madeAtS * 1000, hasZone: true },
        checkVersion: etcdCheck.version,
        read: [link.entry],
        remark: null,
        awaitsData: false,
      },
      finding,
    );
  }
}

/** The snapshot in a listing of its image path; null if no object has this key. */
function linkAt(place: PathListing | null, backupId: string): EtcdLink | null {
  if (place === null || place.ownObject === null) return null;
  const { bucketName, imagePath, ownObject: entry } = place;
  const digest = new ListingDigest();
  digest.add('', entry);
  return { backupId, bucketName, imagePath, listing: digest.finish(), entry };
}

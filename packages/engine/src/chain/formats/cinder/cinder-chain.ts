import type { BackupSync } from '@backup-sync/contracts';
import { quote } from '../../../quote.ts';
import { formRemark } from '../../../unicode-form.ts';
import type { ChainData } from '../../data.ts';
import type { ChainExaminer } from '../../format.ts';
import { type ChainWalk, judgeChain } from '../../proof/chain-verdict.ts';
import type { EdgeProof, Examination } from '../../proof/link.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import { openCinderData } from './cinder-data.ts';
import type { CinderLink } from './link-listing.ts';
import { checkVersion, type ProvedLink, proveLink } from './link-proof.ts';
import { reuseProof } from './proof-reuse.ts';
import type { ProofTools } from './proof-step.ts';

/** The backups of one volume. Everything that is read or proved is shared by all that are examined in a run. */
export class CinderChain implements ChainExaminer {
  readonly #tools: ProofTools;
  readonly #proved = new Map<string, Promise<ProvedLink | null>>();
  /** Proofs made in this run that no examination has handed out yet. */
  readonly #newProofs = new Set<EdgeProof>();

  constructor(tools: ProofTools) {
    this.#tools = tools;
  }

  async examine(item: BackupSync): Promise<Examination | null> {
    const { context, folders } = this.#tools;
    const link = await folders.linkAt(context.bucketName, item.image_path);
    if (link === null) return null;
    const mismatch = requestMismatch(item, link);
    if (mismatch !== null) return this.#refused(link, mismatch);
    const walk = await this.#walk(link);
    if (walk === null) return null;
    return judgeChain(
      'cinder',
      walk,
      walk.links.filter(({ proof }) => this.#newProofs.delete(proof)),
    );
  }

  async openData(item: BackupSync): Promise<ChainData | null> {
    const { context, folders } = this.#tools;
    const link = await folders.linkAt(context.bucketName, item.image_path);
    if (link === null) return null;
    const mismatch = requestMismatch(item, link);
    if (mismatch !== null) throw new ReadFault({ code: 'identity_mismatch', detail: mismatch }, false);
    return await openCinderData(this.#tools, link);
  }

  /** From a link to its full backup, proving each edge once. Null where nothing of the link itself is left. */
  async #walk(leaf: CinderLink): Promise<ChainWalk | null> {
    const links: ProvedLink[] = [];
    const visited = new Set<string>();
    let next: CinderLink | null = leaf;
    while (next !== null) {
      const key = keyOf(next);
      if (visited.has(key)) return { links, leadsBackTo: next, vanished: null };
      visited.add(key);
      const proved: ProvedLink | null = await this.#prove(next);
      if (proved === null) return links.length === 0 ? null : { links, leadsBackTo: null, vanished: next };
      links.push(proved);
      next = proved.parent;
    }
    return { links, leadsBackTo: null, vanished: null };
  }

  #prove(link: CinderLink): Promise<ProvedLink | null> {
    const key = keyOf(link);
    const proved = this.#proved.get(key) ?? this.#proveOrReuse(link);
    this.#proved.set(key, proved);
    return proved;
  }

  async #proveOrReuse(link: CinderLink): Promise<ProvedLink | null> {
    const { context, folders } = this.#tools;
    const [recorded] = await context.findProofs([link.backupId]);
    const reused = await reuseProof(this.#tools, link, recorded);
    const proved = reused ?? (await proveLink(this.#tools, link));
    if (proved !== null && proved !== reused) this.#newProofs.add(proved.proof);
    folders.releaseObjects(link);
    if (proved !== null) folders.releaseObjects(proved.link);
    return proved;
  }

  /** Nothing was read: the request contradicts the path that it gives itself. */
  #refused(link: CinderLink, detail: string): Examination {
    return {
      format: 'cinder',
      listing: link.listing,
      shared: null,
      contentId: null,
      level: null,
      fault: { code: 'identity_mismatch', detail },
      contradictsRequest: true,
      limit: null,
      remark: null,
      parentBackupId: null,
      missingParentId: null,
      ancestors: [],
      incremental: null,
      volumeBytes: null,
      formatTime: null,
      parentFormatTime: null,
      verifiedAtMs: this.#tools.context.nowMs(),
      checkVersion,
      newProofs: [],
      unreadHashes: [],
      awaitingData: [],
    };
  }
}

/** The key's ids are compared here, the metadata's with the key's in the proof of the link. */
function requestMismatch(item: BackupSync, link: CinderLink): string | null {
  if (item.backup_id !== link.backupId) {
    const remark = formRemark(item.backup_id, link.backupId);
    return `the request has backup_id ${quote(item.backup_id)}, and its image path is of backup ${link.backupId}${remark}`;
  }
  // A backup of a server may carry the server's id, and be stored by volume.
  const isVolume = item.resource_type.includes('Volume');
  if (isVolume && link.volumeId !== null && item.resource_id !== link.volumeId) {
    const remark = formRemark(item.resource_id, link.volumeId);
    return `the request has resource_id ${quote(item.resource_id)}, and its image path is of volume ${link.volumeId}${remark}`;
  }
  return null;
}

function keyOf(link: CinderLink): string {
  return JSON.stringify([link.bucketName, link.imagePath]);
}

import {
  type BackupFormat,
  describeReason,
  lowerLevel,
  type ReasonCode,
  reaches,
  type VerificationLevel,
} from '@backup-sync/contracts';
import { printable } from '../../quote.ts';
import { isOfAccess } from './lasting-fault.ts';
import type { EdgeProof, Examination, Fault, UnreadObject } from './link.ts';

/** What names a link in a message. */
type NamedLink = { readonly backupId: string; readonly imagePath: string };
type ProvedLink = {
  readonly link: NamedLink;
  /** Null for a full backup, and where none was found. */
  readonly parent: object | null;
  readonly proof: EdgeProof;
  readonly unreadHashes: readonly UnreadObject[];
  /** Its proof holds only if its data is right, which is still to be read. */
  readonly awaitsData: boolean;
};

/** Faults of a link whose parent is not found, or cannot be told among several. */
const faultsOfSearch: ReadonlySet<ReasonCode> = new Set(['parent_missing', 'parent_ambiguous', 'access_denied']);

/** The way from a link towards its full backup. */
export type ChainWalk = {
  /** The link that was asked for, then its ancestors; never empty. */
  readonly links: readonly ProvedLink[];
  /** The link that came up a second time; null where the way ends well. */
  readonly leadsBackTo: NamedLink | null;
  /** The ancestor that was listed and is gone; null where none is. */
  readonly vanished: NamedLink | null;
};

/**
 * What the proofs of its edges say of a whole chain: it is proved as far as its least proved link. `newlyProved` are
 * those of its links whose proof this examination is the first to return.
 */
export function judgeChain(format: BackupFormat, walk: ChainWalk, newlyProved: readonly ProvedLink[]): Examination {
  const [leaf, ...ancestors] = walk.links;
  if (leaf === undefined) throw new TypeError('a chain has at least the link that was asked for');
  const { proof } = leaf;
  const proofs = walk.links.map((link) => link.proof);
  const fault = faultOf(walk, leaf, ancestors);
  const levels = proofs.map(({ level }) => level);
  const isBaseless = walk.leadsBackTo !== null || walk.vanished !== null;
  const level = isBaseless
    ? null
    : isReplayed(levels)
      ? 'replay'
      : levels.reduce((a, b) => (a === null || b === null ? null : lowerLevel(a, b)));
  const wasRead = proof.contentId !== null;
  return {
    format,
    listing: proof.listing,
    shared: null,
    contentId: proof.contentId,
    level,
    fault,
    contradictsRequest: false,
    limit: fault === null ? firstOf(proofs, 'limit') : null,
    remark: fault === null ? firstOf(proofs, 'remark') : null,
    parentBackupId: proof.parentBackupId,
    missingParentId: isBaseless ? null : missingParentOf(walk.links),
    ancestors: ancestors.map(({ link, proof }) => ({
      backupId: link.backupId,
      location: proof.location,
      listingDigest: proof.listing.digest,
    })),
    incremental: wasRead ? proof.parentBackupId !== null : null,
    volumeBytes: volumeBytesOf(proofs),
    formatTime: proof.formatTime,
    parentFormatTime: ancestors[0]?.proof.formatTime ?? null,
    verifiedAtMs: proofs.reduce((oldest, { verifiedAtMs }) => Math.min(oldest, verifiedAtMs), proof.verifiedAtMs),
    checkVersion: proof.checkVersion,
    newProofs: newlyProved.map((link) => link.proof),
    unreadHashes: newlyProved
      .filter(({ unreadHashes }) => unreadHashes.length > 0)
      .map((link) => ({ backupId: link.link.backupId, objects: link.unreadHashes })),
    awaitingData: newlyProved.filter(({ awaitsData }) => awaitsData).map((link) => link.proof.backupId),
  };
}

/** A cycle first, since then nothing else means much; then the link's own fault; then that of its nearest ancestor. */
function faultOf(walk: ChainWalk, leaf: ProvedLink, ancestors: readonly ProvedLink[]): Fault | null {
  if (walk.leadsBackTo !== null) {
    return cycleFault([...walk.links.map(({ link }) => link.backupId), walk.leadsBackTo.backupId]);
  }
  if (leaf.proof.fault !== null) return leaf.proof.fault;
  for (const { link, proof } of ancestors) {
    if (proof.fault === null) continue;
    const { code, detail } = proof.fault;
    const place = `through link ${link.backupId} (${printable(link.imagePath)})`;
    // An ancestor that could not be read, or moved meanwhile, is not known to be broken.
    if (isOfAccess(code) || code === 'changed_while_read') return { code, detail: `${place}: ${detail}` };
    return { code: 'parent_broken', detail: `${place}: ${describeReason(code, detail).message}` };
  }
  if (walk.vanished === null) return null;
  return {
    code: 'changed_while_read',
    detail: `parent ${printable(walk.vanished.imagePath)} is gone since it was listed`,
  };
}

/** Its own, or that of the nearest ancestor that has one. */
function firstOf(proofs: readonly EdgeProof[], field: 'limit' | 'remark'): string | null {
  return proofs.find((proof) => proof[field] !== null)?.[field] ?? null;
}

/** Null too if a link before has a fault of its own: then the parent decides nothing. */
function missingParentOf(links: readonly ProvedLink[]): string | null {
  const last = links.find(({ proof }) => proof.fault !== null);
  if (last === undefined || last.parent !== null) return null;
  return faultsOfSearch.has(last.proof.fault?.code ?? 'internal') ? last.proof.parentBackupId : null;
}

/** The way is the ids of the backups, from the first that comes up again back to it. */
export function cycleFault(way: readonly string[]): Fault {
  return { code: 'cycle', detail: abridge(way).join(' -> ') };
}

/** A proved link that does not say itself has its parent's size; what is not proved says nothing of the parent's. */
function volumeBytesOf(proofs: readonly EdgeProof[]): number | null {
  for (const { volumeBytes, level } of proofs) {
    if (volumeBytes !== null) return volumeBytes;
    if (level === null || !reaches(level, 'linkage')) return null;
  }
  return null;
}

function abridge(way: readonly string[]): readonly string[] {
  return way.length <= 8 ? way : [...way.slice(0, 4), '…', ...way.slice(-3)];
}

/** A replay of the leaf reads its ancestors too: of them `content` is enough. */
function isReplayed([leaf, ...ancestors]: readonly (VerificationLevel | null)[]): boolean {
  return leaf === 'replay' && ancestors.every((level) => level !== null && reaches(level, 'content'));
}

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
import type { EdgeProof, Examination, Fault, Listing, SharedListing } from './link.ts';
import type { ListedLink, ProvedLink } from './proved-link.ts';

/** Faults of a link whose parent is not found, or cannot be told among several. */
const faultsOfSearch: ReadonlySet<ReasonCode> = new Set(['parent_missing', 'parent_ambiguous', 'access_denied']);

/** The way from a link towards its full backup. */
export type Walk<Link> = {
  /** The link that was asked for, then its ancestors; never empty. */
  readonly links: readonly ProvedLink<Link>[];
  /** The link that came up a second time; null if the way ends well. */
  readonly leadsBackTo: Link | null;
  /** The ancestor that was listed and is gone; null if none is. */
  readonly vanished: Link | null;
};

/**
 * What the proofs of its edges say of a whole chain: it is proved as far as its least proved link. `newlyProved` are
 * those of its links whose proof this examination is the first to return.
 */
export function judgeChain<Link extends ListedLink>(
  format: BackupFormat,
  walk: Walk<Link>,
  newlyProved: readonly ProvedLink<Link>[],
): Examination {
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
    shared: leaf.shared,
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
    // What no known format describes may build on anything.
    incremental: wasRead && format !== 'unknown' ? proof.parentBackupId !== null : null,
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

/** The request contradicts what is stored at its own image path: that says nothing of the backup. */
export function refuse(
  format: BackupFormat,
  checkVersion: string,
  seen: { readonly fault: Fault; readonly listing: Listing; readonly shared: SharedListing | null },
  nowMs: number,
): Examination {
  return {
    format,
    ...seen,
    contentId: null,
    level: null,
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
    verifiedAtMs: nowMs,
    checkVersion,
    newProofs: [],
    unreadHashes: [],
    awaitingData: [],
  };
}

/** A cycle first, since then nothing else means much; then the link's own fault; then that of its nearest ancestor. */
function faultOf<Link extends ListedLink>(
  walk: Walk<Link>,
  leaf: ProvedLink<Link>,
  ancestors: readonly ProvedLink<Link>[],
): Fault | null {
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
function missingParentOf(links: readonly ProvedLink<ListedLink>[]): string | null {
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

import {
  type BackupFormat,
  lowerLevel,
  type ReasonCode,
  reaches,
  type VerificationLevel,
} from '@backup-sync/contracts';
import { printable } from '../../quote.ts';
import { faultOfDescendant } from './fault-of-descendant.ts';
import type { EdgeProof, Examination, Fault, Form, Listing, SharedListing } from './link.ts';
import type { ListedLink, ProvedLink } from './proved-link.ts';

/** Faults of a link whose parent was not found or is ambiguous. */
const faultsOfSearch: ReadonlySet<ReasonCode> = new Set(['parent_missing', 'parent_ambiguous', 'access_denied']);

/** The walk from a link towards its full backup. */
export type Walk<Link> = {
  /** The requested link, then its ancestors, nearest first; never empty. */
  readonly links: readonly ProvedLink<Link>[];
  /** The link that was reached a second time; null if there is no cycle. */
  readonly leadsBackTo: Link | null;
  /** The ancestor that was listed but has disappeared since; null if none has. */
  readonly vanished: Link | null;
};

/**
 * Judges a whole chain by the proofs of its links: the chain's level is the lowest level of any link. `newlyProved` are
 * the links whose proof this examination is the first to return.
 */
export function judgeChain<Link extends ListedLink>(
  format: BackupFormat,
  walk: Walk<Link>,
  newlyProved: readonly ProvedLink<Link>[],
): Examination {
  const [leaf, ...ancestors] = walk.links;
  if (leaf === undefined) throw new TypeError('a chain contains at least the requested link');
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
    form: formOf(proofs),
    limit: fault === null ? firstOf(proofs, 'limit') : null,
    remark: fault === null ? firstOf(proofs, 'remark') : null,
    parentBackupId: proof.parentBackupId,
    missingParentId: isBaseless ? null : missingParentOf(walk.links),
    ancestors: ancestors.map(({ link, proof }) => ({
      backupId: link.backupId,
      location: proof.location,
      listingDigest: proof.listing.digest,
    })),
    // A backup of which nothing is read may build on any other.
    incremental: wasRead && proof.form?.ceiling !== 'presence' ? proof.parentBackupId !== null : null,
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
    ...(leaf.parts !== undefined && { parts: leaf.parts }),
  };
}

/** The examination of a request that contradicts its own image path. It says nothing about the backup. */
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
    form: null,
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

/**
 * A cycle comes first, because it makes other faults meaningless; then the link's own fault; then the nearest
 * ancestor's.
 */
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
    if (proof.fault !== null) return faultOfDescendant(link, proof.fault);
  }
  if (walk.vanished === null) return null;
  return {
    code: 'changed_while_read',
    detail: `parent ${printable(walk.vanished.imagePath)} has disappeared since it was listed`,
  };
}

/** The link's own value, or that of the nearest ancestor that has one. */
function firstOf(proofs: readonly EdgeProof[], field: 'limit' | 'remark'): string | null {
  return proofs.find((proof) => proof[field] !== null)?.[field] ?? null;
}

/** Also null if a nearer link has another fault: then the missing parent is not the cause. */
function missingParentOf(links: readonly ProvedLink<ListedLink>[]): string | null {
  const last = links.find(({ proof }) => proof.fault !== null);
  if (last === undefined || last.parent !== null) return null;
  return faultsOfSearch.has(last.proof.fault?.code ?? 'internal') ? last.proof.parentBackupId : null;
}

/** A chain can be proved as far as its worst link. */
function formOf(proofs: readonly EdgeProof[]): Form | null {
  return proofs
    .map(({ form }) => form)
    .reduce((one, other) => {
      if (one === null || other === null) return null;
      return { ceiling: lowerLevel(one.ceiling, other.ceiling), gaps: [...new Set([...one.gaps, ...other.gaps])] };
    });
}

/** The fault of a chain that leads back to itself. `way`: the ids along it, ending with the one reached again. */
export function cycleFault(way: readonly string[]): Fault {
  return { code: 'cycle', detail: abridge(way).join(' -> ') };
}

/** A proved link without a size has its parent's size. An unproved link says nothing about its parent's size. */
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

/** A replay of the leaf also reads its ancestors, so `content` is enough for them. */
function isReplayed([leaf, ...ancestors]: readonly (VerificationLevel | null)[]): boolean {
  return leaf === 'replay' && ancestors.every((level) => level !== null && reaches(level, 'content'));
}

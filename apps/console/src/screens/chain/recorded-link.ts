import type { Backup, Reason, ReasonCode } from '@backup-sync/contracts';
import { absoluteDate, millisecondsOf } from '../../words/amounts.ts';
import { pictureWords } from '../../words/chain.ts';
import type { ChainLink, LinkFault } from './chain-forest.ts';
import type { Picture, PlacedLink } from './chain-layout.ts';

/** A recorded backup in the picture. */
export type RecordedLink = ChainLink & { readonly backup: Backup };
export type Place = PlacedLink<RecordedLink>;

/** Reasons that name a fault of another link. */
const parentFaults: readonly ReasonCode[] = ['parent_missing', 'parent_broken'];

/**
 * Reasons that no retry removes, and that still say nothing about damage: rights, keys, an archive, what backup-sync does
 * not know. So do all that name the storage unit.
 */
const unreadReasons: ReadonlySet<ReasonCode> = new Set([
  'access_denied',
  'archived',
  'encrypted_customer_key',
  'format_unknown',
  'not_a_volume',
  'version_unsupported',
  'listing_too_large',
]);

/** What a reason says about a backup. */
export function faultOf({ code, retry }: Pick<Reason, 'code' | 'retry'>): LinkFault {
  if (parentFaults.includes(code)) return 'parent';
  return retry !== 'final' || code.startsWith('storage_') || unreadReasons.has(code) ? 'unread' : 'own';
}

/** How a link is drawn: `waiting` builds on what could not be read, `dependent` on what is broken or missing. */
export type LinkState = 'whole' | 'unread' | 'waiting' | 'broken' | 'dependent';

/** The state of a link. `cause` is the link that it depends on; undefined if that one is not listed. */
export function stateOf({ link, dependsOnId }: Place, cause: RecordedLink | undefined): LinkState {
  if (link.fault === 'own') return 'broken';
  if (dependsOnId !== null && cause?.fault !== 'unread') return 'dependent';
  if (link.fault === 'unread') return 'unread';
  if (dependsOnId !== null) return 'waiting';
  return link.fault === null ? 'whole' : 'broken';
}

export function linkOf(backup: Backup): RecordedLink {
  const { id, parent_id: parentId, incremental, status, backup_sync: proof } = backup;
  return {
    id,
    parentId,
    isIncrement: incremental ?? parentId !== null,
    takenAtMs: millisecondsOf(proof.taken_at),
    fault: status !== 'error' ? null : proof.reason === null ? 'own' : faultOf(proof.reason),
    backup,
  };
}

/** What a picture shows: `1 full backup, 6 increments, 2 in error, 1 Mar 2026 to 7 Mar 2026`. */
export function aboutPicture({ start, places, oldest, newest }: Picture<RecordedLink>): string {
  const increments = places.filter(({ link }) => link.isIncrement).length;
  const inError = places.filter(({ link }) => link.fault !== null).length;
  const links =
    start === 'full'
      ? pictureWords.chain(places.length - increments, increments)
      : pictureWords.parts[start](places.length);
  const times = pictureWords.between(absoluteDate(oldest.takenAtMs), absoluteDate(newest.takenAtMs));
  return [links, ...(inError === 0 ? [] : [pictureWords.inError(inError)]), times].join(', ');
}

/** What reading a backup with its whole chain means, and what is built on it. */
export type Relatives = {
  /** The backup and its ancestors that are listed. */
  readonly links: number;
  readonly storedBytes: number;
  /** Whether the chain begins with a full backup, so that no ancestor is left out. */
  readonly isComplete: boolean;
  readonly children: readonly RecordedLink[];
  /** Number of all backups that build on it. */
  readonly descendants: number;
};

/** Returns what is known of the relatives of a backup. The places have parents before children. */
export function relativesOf(places: readonly Place[], id: string): Relatives {
  let links = 0;
  let storedBytes = 0;
  let isComplete = false;
  for (let place = places.find(({ link }) => link.id === id) ?? null; place !== null; place = place.parent) {
    links += 1;
    storedBytes += place.link.backup.backup_sync.evidence.stored_bytes;
    isComplete = place.link.parentId === null && !place.link.isIncrement;
  }
  const below = new Set([id]);
  const children: RecordedLink[] = [];
  for (const { link, parent } of places) {
    if (parent === null || !below.has(parent.link.id)) continue;
    below.add(link.id);
    if (parent.link.id === id) children.push(link);
  }
  return { links, storedBytes, isComplete, children, descendants: below.size - 1 };
}

import type { Backup, ReasonCode } from '@backup-sync/contracts';
import { millisecondsOf } from '../../words/amounts.ts';
import type { ChainLink } from './chain-forest.ts';
import type { PlacedLink } from './chain-layout.ts';

/** A recorded backup in the picture. */
export type RecordedLink = ChainLink & { readonly backup: Backup };
export type Place = PlacedLink<RecordedLink>;

/** Reasons that name a fault of another link. */
const parentFaults: readonly ReasonCode[] = ['parent_missing', 'parent_broken'];

export function linkOf(backup: Backup): RecordedLink {
  const { id, parent_id: parentId, incremental, status, backup_sync: proof } = backup;
  const hasParentFault = proof.reason !== null && parentFaults.includes(proof.reason.code);
  return {
    id,
    parentId,
    isIncrement: incremental ?? parentId !== null,
    takenAtMs: millisecondsOf(proof.taken_at),
    fault: status !== 'error' ? null : hasParentFault ? 'parent' : 'own',
    backup,
  };
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

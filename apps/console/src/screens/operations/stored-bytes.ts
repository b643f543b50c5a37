import type { Backup } from '@backup-sync/contracts';

/** What of a record is needed here. */
export type StoredLink = Pick<Backup, 'id' | 'parent_id'> & {
  readonly backup_sync: { readonly evidence: { readonly stored_bytes: number } };
};

/** Bytes that are stored of a backup and all its ancestors; null if one of them is not among the known records. */
export function storedBytesOfChain(backup: StoredLink, known: readonly StoredLink[]): number | null {
  const byId = new Map(known.map((each) => [each.id, each]));
  const seen = new Set<string>();
  let total = 0;
  for (let link: StoredLink | undefined = backup; ; link = byId.get(link.parent_id)) {
    // Records that are each other's ancestors are no chain.
    if (link === undefined || seen.has(link.id)) return null;
    seen.add(link.id);
    total += link.backup_sync.evidence.stored_bytes;
    if (link.parent_id === null) return total > 0 ? total : null;
  }
}

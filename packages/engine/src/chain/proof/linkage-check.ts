import type { BlockRuns } from './block-runs.ts';
import type { Fault } from './link.ts';

/**
 * Checks that an increment stores exactly the blocks whose hash differs from the parent's. Returns null if it does,
 * otherwise a fault that names the first block in which the two differ.
 */
export function checkLinkage(changed: BlockRuns, stored: BlockRuns): Fault | null {
  const runs = Math.max(changed.count, stored.count);
  for (let run = 0; run < runs; run += 1) {
    const changedStart = changed.startAt(run);
    const storedStart = stored.startAt(run);
    if (changedStart < storedStart) return changedNotStored(changedStart);
    if (storedStart < changedStart) return storedNotChanged(storedStart);
    const changedEnd = changed.endAt(run);
    const storedEnd = stored.endAt(run);
    if (storedEnd < changedEnd) return changedNotStored(storedEnd);
    if (changedEnd < storedEnd) return storedNotChanged(changedEnd);
  }
  return null;
}

function changedNotStored(block: number): Fault {
  return { code: 'hash_link_broken', detail: `block ${block} differs from the parent's, but is not stored` };
}

function storedNotChanged(block: number): Fault {
  return { code: 'hash_link_broken', detail: `block ${block} is stored, but does not differ from the parent's` };
}

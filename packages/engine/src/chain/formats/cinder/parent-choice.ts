import type { ReasonCode } from '@backup-sync/contracts';
import { quote } from '../../../quote.ts';
import { StorageError } from '../../../storage/port.ts';
import type { Fault } from '../../proof/link.ts';
import type { Finding } from '../../proof/proved-link.ts';
import type { CinderLink } from './link-listing.ts';
import type { CinderMetadata } from './metadata.ts';
import { ambiguityFault, isCopy, isDecided, readAgreeing } from './parent-rivals.ts';
import type { ProofTools } from './proof-tools.ts';

/** Faults of an edge that may lie in the choice of the parent. */
const faultsOfChoice: ReadonlySet<ReasonCode> = new Set(['parent_broken', 'hash_link_broken', 'geometry']);

/** The parent of a link, null for a full backup, and what holding the link against it has shown. */
type Found = { readonly kind: 'found'; readonly parent: CinderLink | null; readonly edge: Finding<CinderLink> };
export type ParentChoice = Found | { readonly kind: 'not found'; readonly finding: Finding<CinderLink> };

/**
 * Finds the parent of a link, and proves the edge to it by `prove`. An id may occur more than once, in copies and in
 * what was left half done: the first on which the proof succeeds is the parent. Where another of those seen beside it
 * holds other data and proves as well, it is not guessed which: that is a fault, unless the catalogue or the request
 * tells. Where none is, it is the first that looks finished, with its fault.
 */
export async function chooseParent(
  tools: ProofTools,
  link: CinderLink,
  { parentId }: CinderMetadata,
  prove: (parent: CinderLink | null) => Promise<Finding<CinderLink>>,
): Promise<ParentChoice> {
  if (parentId === null || parentId === undefined) return { kind: 'found', parent: null, edge: await prove(null) };
  const tried = new Set<CinderLink>();
  let best: Found | null = null;
  try {
    for await (const candidates of tools.folders.parentsOf(link, parentId)) {
      for (const parent of candidates) {
        if (tried.has(parent)) continue;
        tried.add(parent);
        const edge = await prove(parent);
        const found: Found = { kind: 'found', parent, edge };
        const { fault } = edge;
        if (fault !== null && !faultsOfChoice.has(fault.code)) return found;
        const isAlone = candidates.length === 1 && tried.size === 1;
        if (fault === null && isAlone && isFinished(parent)) return found;
        if (fault === null && (await isWhole(tools, parent))) {
          const rival = await findRival(tools, parent, candidates, prove);
          if (rival === null) return found;
          return { kind: 'not found', finding: { fault: ambiguityFault(link, parent, rival) } };
        }
        if (best === null || (!isFinished(best.parent) && isFinished(parent))) best = found;
      }
    }
  } catch (error) {
    if (!(error instanceof StorageError) || error.code !== 'access_denied') throw error;
    const detail = `the bucket of parent ${quote(parentId)} of ${link.imagePath}`;
    return best ?? { kind: 'not found', finding: { level: 'presence', fault: { code: 'access_denied', detail } } };
  }
  const fault: Fault = { code: 'parent_missing', detail: `parent ${quote(parentId)} of ${link.imagePath}` };
  return best ?? { kind: 'not found', finding: { fault } };
}

/** Cinder makes increments only on backups that have their commit mark and block hashes. */
function isFinished(parent: CinderLink | null): boolean {
  return parent !== null && parent.metadata !== null && parent.hashFile !== null;
}

async function isWhole(tools: ProofTools, parent: CinderLink): Promise<boolean> {
  return isFinished(parent) && (await readAgreeing(tools, parent)) !== null;
}

/** Another link of the same id that may be the parent just as well, and has other data; null where there is none. */
async function findRival(
  tools: ProofTools,
  parent: CinderLink,
  candidates: readonly CinderLink[],
  prove: (parent: CinderLink) => Promise<Finding<CinderLink>>,
): Promise<CinderLink | null> {
  const others = candidates.filter((other) => other !== parent && isFinished(other));
  if (others.length === 0 || (await isDecided(tools, parent, candidates))) return null;
  const metadata = await readAgreeing(tools, parent);
  for (const other of others) {
    const ofOther = await readAgreeing(tools, other);
    if (metadata === null || ofOther === null || isCopy(metadata, ofOther)) continue;
    if ((await prove(other)).fault === null) return other;
  }
  return null;
}

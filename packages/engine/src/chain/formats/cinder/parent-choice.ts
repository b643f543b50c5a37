import type { ReasonCode } from '@backup-sync/contracts';
import { quote } from '../../../quote.ts';
import { StorageError } from '../../../storage/port.ts';
import type { Fault } from '../../proof/link.ts';
import type { Finding } from '../../proof/proved-link.ts';
import type { CinderLink } from './link-listing.ts';
import type { CinderMetadata } from './metadata.ts';
import { ambiguityFault, isCopy, isDecided, readAgreeing } from './parent-rivals.ts';
import type { ProofTools } from './proof-tools.ts';

/** Faults of an edge that a wrong choice of the parent may cause. */
const faultsOfChoice: ReadonlySet<ReasonCode> = new Set(['parent_broken', 'hash_link_broken', 'geometry']);

/** The parent of a link, null for a full backup, and the result of proving the edge to it. */
type Found = { readonly kind: 'found'; readonly parent: CinderLink | null; readonly edge: Finding<CinderLink> };
export type ParentChoice = Found | { readonly kind: 'not found'; readonly finding: Finding<CinderLink> };

/**
 * Finds the parent of a link, and proves the edge to it with `prove`. Several backups may have the same id: copies, and
 * backups that were never finished. The parent is the first with which the proof succeeds.
 *
 * If another backup seen at the same time has different data and proves as well, the choice is not guessed. That is a
 * fault, unless the catalogue or the request identifies one of them. If the proof succeeds with none, the parent is the
 * first that looks finished, and the result is its fault.
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

/**
 * Whether the parent has its commit mark and block hashes. Cinder creates increments only on backups that have both.
 */
function isFinished(parent: CinderLink | null): boolean {
  return parent !== null && parent.metadata !== null && parent.hashFile !== null;
}

async function isWhole(tools: ProofTools, parent: CinderLink): Promise<boolean> {
  return isFinished(parent) && (await readAgreeing(tools, parent)) !== null;
}

/** Finds another link of the same id that fits as well but has different data; null if there is none. */
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

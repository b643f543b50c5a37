import type { ReasonCode } from '@backup-sync/contracts';
import { StorageError } from '../../storage/port.ts';
import type { Fault } from '../link.ts';
import { quote } from '../quote.ts';
import type { CinderLink } from './link-listing.ts';
import type { CinderMetadata } from './metadata.ts';
import { findDisagreement, readMetadataOf } from './metadata-proof.ts';
import type { Finding, ProofTools } from './proof-step.ts';

/** Faults of an edge that may lie in the choice of the parent. */
const faultsOfChoice: ReadonlySet<ReasonCode> = new Set(['parent_broken', 'hash_link_broken', 'geometry']);

/** The parent of a link, null for a full backup, and what holding the link against it has shown. */
type Found = { readonly kind: 'found'; readonly parent: CinderLink | null; readonly edge: Finding };
export type ParentChoice = Found | { readonly kind: 'not found'; readonly finding: Finding };

/**
 * Finds the parent of a link, and proves the edge to it by `prove`. An id may occur more than once, in copies and in
 * what was left half done: the first on which the proof succeeds is the parent. Where none is, it is the first that
 * looks finished, with its fault.
 */
export async function chooseParent(
  tools: ProofTools,
  link: CinderLink,
  { parentId }: CinderMetadata,
  prove: (parent: CinderLink | null) => Promise<Finding>,
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
        const fault = edge.fault ?? null;
        if (fault !== null && !faultsOfChoice.has(fault.code)) return found;
        const isAlone = candidates.length === 1 && tried.size === 1;
        if (fault === null && isFinished(parent) && (isAlone || (await isReadable(tools, parent)))) return found;
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

async function isReadable({ context }: ProofTools, parent: CinderLink): Promise<boolean> {
  const reading = await readMetadataOf(context, parent, null);
  return reading.kind === 'read' && findDisagreement(reading.metadata, parent) === null;
}

import { StorageError } from '../../../storage/port.ts';
import type { ChainContext } from '../../chain-context.ts';
import { mayExceedReading } from '../../proof/etags/settle-etags.ts';
import type { EdgeProof } from '../../proof/link.ts';
import { provableObjectsMax } from '../../proof/object-bound.ts';
import { type ProvedLink, reusedLink } from '../../proof/proved-link.ts';
import { cinderTimeOf } from './describe.ts';
import type { CinderLink } from './link-listing.ts';
import { linkageBytes } from './linkage-proof.ts';
import type { ProofTools } from './proof-tools.ts';
import type { VolumeFolders } from './volume-folders.ts';

/** See `LinkProver.reuse`: a proof holds while the parent, too, is listed as it was. */
export async function reuseProof(
  { context, folders }: ProofTools,
  link: CinderLink,
  proof: EdgeProof,
): Promise<ProvedLink<CinderLink> | null> {
  const { parentBackupId, parentListingDigest } = proof;
  const dependsOnParent = parentListingDigest !== null || proof.fault?.code === 'parent_missing';
  const candidates = parentBackupId !== null && dependsOnParent ? await findParents(folders, parentBackupId, link) : [];
  // What would come out of another choice is not known.
  if (candidates === null || (candidates.length > 1 && (proof.fault !== null || proof.limit !== null))) return null;
  const parent = candidates.find(({ listing }) => listing.digest === parentListingDigest) ?? null;
  if (parent === null && (parentListingDigest !== null || candidates.length > 0)) return null;
  if (proof.limit !== null && !isStillLimited(context, link, parent, proof)) return null;
  // Proofs of earlier releases do not have the time. The path does.
  const formatTime = proof.formatTime ?? cinderTimeOf(null, link.imagePath);
  return reusedLink(link, parent, { ...proof, formatTime });
}

/** The first that are seen; null where whether the proof holds cannot be told: making it anew says why. */
async function findParents(
  folders: VolumeFolders,
  backupId: string,
  child: CinderLink,
): Promise<readonly CinderLink[] | null> {
  try {
    for await (const candidates of folders.parentsOf(child, backupId)) if (candidates.length > 0) return candidates;
    return [];
  } catch (error) {
    if (error instanceof StorageError && error.code === 'access_denied') return null;
    throw error;
  }
}

/**
 * A limit lies in too many objects, in block hashes that are not there, or in the ceiling of those days, which may have
 * risen: at `metadata` that for objects whose ETag is not their MD5, at `inventory` that for block hashes.
 */
function isStillLimited(
  context: ChainContext,
  link: CinderLink,
  parent: CinderLink | null,
  { level, listing }: EdgeProof,
): boolean {
  if (link.dataObjectCount > provableObjectsMax) return true;
  if (level === 'metadata') return mayExceedReading(context, listing);
  const bytes = linkageBytes(link, parent);
  return bytes === null || bytes > context.linkageMaxBytes;
}

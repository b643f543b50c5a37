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

/** See `LinkProver.reuse`. The proof holds only while the listing of the parent is unchanged, too. */
export async function reuseProof(
  { context, folders }: ProofTools,
  link: CinderLink,
  proof: EdgeProof,
): Promise<ProvedLink<CinderLink> | null> {
  const { parentBackupId, parentListingDigest } = proof;
  const dependsOnParent = parentListingDigest !== null || proof.fault?.code === 'parent_missing';
  const candidates = parentBackupId !== null && dependsOnParent ? await findParents(folders, parentBackupId, link) : [];
  // With another choice of the parent, the result might have been different.
  if (candidates === null || (candidates.length > 1 && (proof.fault !== null || proof.limit !== null))) return null;
  const parent = candidates.find(({ listing }) => listing.digest === parentListingDigest) ?? null;
  if (parent === null && (parentListingDigest !== null || candidates.length > 0)) return null;
  if (proof.limit !== null && !isStillLimited(context, link, parent, proof)) return null;
  // Proofs of earlier releases do not have the time, but the path does.
  const formatTime = proof.formatTime ?? cinderTimeOf(null, link.imagePath);
  return reusedLink(link, parent, { ...proof, formatTime });
}

/**
 * Finds the first candidates for the parent. Null if it is unknown whether the proof holds: a new proof will say why.
 */
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
 * Whether the limit of a proof still applies. The cause is too many objects, missing block hashes, or the maximum
 * number of bytes at the time, which may have been raised since. At `metadata` that maximum is for objects whose ETag
 * is not their MD5, at `inventory` for block hashes.
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

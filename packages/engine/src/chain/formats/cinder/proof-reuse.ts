import { StorageError } from '../../../storage/port.ts';
import type { ChainContext } from '../../chain-context.ts';
import { mayExceedReading } from '../../proof/etags/settle-etags.ts';
import { isSuperseded } from '../../proof/etags/superseded-proof.ts';
import { isLasting } from '../../proof/lasting-fault.ts';
import type { EdgeProof } from '../../proof/link.ts';
import { provableObjectsMax } from '../../proof/object-bound.ts';
import { cinderTimeOf } from './describe.ts';
import type { CinderLink } from './link-listing.ts';
import { type ProvedLink, reusableVersions } from './link-proof.ts';
import { linkageBytes } from './linkage-proof.ts';
import type { ProofTools } from './proof-step.ts';
import type { VolumeFolders } from './volume-folders.ts';

/**
 * The recorded proof of a link, where it still holds: same check, same place, same listing at both ends. Null where
 * it must be made anew.
 */
export async function reuseProof(
  { context, folders }: ProofTools,
  link: CinderLink,
  proof: EdgeProof | undefined,
): Promise<ProvedLink | null> {
  if (proof === undefined || !reusableVersions.has(proof.checkVersion) || isSuperseded(proof)) return null;
  if (!isAt(proof, context.storage.id, link)) return null;
  if (proof.listing.digest !== link.listing.digest) return null;
  if (proof.fault !== null && !isLasting(proof.fault.code)) return null;
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
  return { link, parent, proof: { ...proof, formatTime }, unreadHashes: [], awaitsData: false };
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

function isAt({ location }: EdgeProof, storageUnitId: string, link: CinderLink): boolean {
  if (location.storageUnitId !== storageUnitId || location.bucketName !== link.bucketName) return false;
  return location.imagePath === link.imagePath;
}

import { counted } from '@backup-sync/contracts';
import { quote } from '../../../quote.ts';
import {
  compareHashLists,
  type HashComparison,
  HashListError,
  readHashHeader,
} from '../../proof/compare-hash-lists.ts';
import { checkGeometry } from '../../proof/geometry-check.ts';
import { HashFileFault, type HashFileHeader } from '../../proof/hash-file.ts';
import type { Fault, UnreadObject } from '../../proof/link.ts';
import { checkLinkage } from '../../proof/linkage-check.ts';
import type { Finding } from '../../proof/proved-link.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import { leaveHashes } from '../../proof/unread-hashes.ts';
import type { CinderLink } from './link-listing.ts';
import type { CinderMetadata } from './metadata.ts';
import type { ProofTools } from './proof-tools.ts';

/** Number of bytes of block hashes that the proof of an edge reads; null if one of the links has none. */
export function linkageBytes(link: CinderLink, parent: CinderLink | null): number | null {
  if (link.hashFile === null) return null;
  if (parent === null) return link.hashFile.size;
  return parent.hashFile === null ? null : link.hashFile.size + parent.hashFile.size;
}

/**
 * Compares the blocks a link stores with the block hashes of the link and its parent. Without hashes, no level is
 * added.
 */
export async function proveLinkage(
  { context, hashLists }: Pick<ProofTools, 'context' | 'hashLists'>,
  link: CinderLink,
  parent: CinderLink | null,
  metadata: CinderMetadata,
): Promise<Finding<CinderLink>> {
  if (link.hashFile === null) {
    const limit = 'it has no _sha256file: it can be restored, but cannot be a parent, and its blocks have no hashes';
    return { fault: null, limit: `${link.imagePath}: ${limit}` };
  }
  if (parent !== null && parent.hashFile === null) {
    return {
      fault: null,
      limit: `${link.imagePath}: the parent ${parent.backupId} has no _sha256file to compare with`,
    };
  }
  const files = [link, parent].map((each) => hashFileOf(each)).filter((file) => file !== null);
  const left = leaveHashes(context, link.imagePath, files);
  if (left !== null) return left;
  try {
    if (parent === null) {
      const header = await readHashHeader(hashLists.openForHeader(link));
      return judge(link, metadata, header, null, null);
    }
    const objectCount = metadata.objects.count;
    const comparison = await compareHashLists(hashLists.open(link), hashLists.open(parent), objectCount);
    return judge(link, metadata, comparison.child, comparison, parent);
  } catch (error) {
    if (!(error instanceof HashListError)) throw error;
    if (error.side === 'parent' && parent !== null) return parentHashFinding(error.cause, parent);
    return childHashFinding(error.cause, link);
  }
}

function hashFileOf(link: CinderLink | null): UnreadObject | null {
  if (link === null || link.hashFile === null) return null;
  return { bucketName: link.bucketName, key: link.hashFile.key, bytes: link.hashFile.size };
}

function judge(
  link: CinderLink,
  metadata: CinderMetadata,
  header: HashFileHeader,
  comparison: HashComparison | null,
  parent: CinderLink | null,
): Finding<CinderLink> {
  const place = `${link.imagePath}_sha256file`;
  const disagreement = headerDisagreement(header, metadata);
  if (disagreement !== null) return { fault: { ...disagreement, detail: `${place} ${disagreement.detail}` } };
  const { blockBytes, hashCount } = header;
  const parentHeader = comparison?.parent ?? null;
  if (parentHeader !== null && parent !== null) {
    if (parentHeader.backupId !== parent.backupId) {
      const detail = `parent ${parent.backupId}: its _sha256file has backup_id ${quote(parentHeader.backupId)}`;
      return { fault: { code: 'parent_broken', detail } };
    }
    if (parentHeader.volumeId !== metadata.volumeId) {
      const detail = `parent ${parent.backupId}: its _sha256file has volume_id ${quote(parentHeader.volumeId)}`;
      return { fault: { code: 'parent_broken', detail } };
    }
    if (parentHeader.blockBytes !== blockBytes) {
      return geometry(`${place} has a block size of ${blockBytes}, but the parent's is ${parentHeader.blockBytes}`);
    }
    if (hashCount > parentHeader.hashCount) {
      return geometry(
        `${place} has ${counted(hashCount, 'hash', 'hashes')}, more than the parent's ${parentHeader.hashCount}`,
      );
    }
  }
  const result = checkGeometry(metadata.objects, header, comparison === null);
  if (result.kind === 'broken') return geometry(`${link.imagePath}: ${result.fault.detail}`);
  if (comparison !== null) {
    const fault = checkLinkage(comparison.changed, result.stored);
    if (fault !== null) return { fault: { ...fault, detail: `${link.imagePath}: ${fault.detail}` } };
  }
  const isShorter = parentHeader !== null && hashCount < parentHeader.hashCount;
  // A last block that is not stored is the parent's: whole if the volume is shorter, otherwise the parent's last.
  const volumeBytes = result.volumeBytes ?? (isShorter ? hashCount * blockBytes : null);
  return { fault: null, level: 'linkage', volumeBytes };
}

function headerDisagreement(header: HashFileHeader, metadata: CinderMetadata): Fault | null {
  const { version, backupId, volumeId } = header;
  if (version !== metadata.version) return { code: 'version_unsupported', detail: `has version ${quote(version)}` };
  if (backupId !== metadata.backupId) return { code: 'identity_mismatch', detail: `has backup_id ${quote(backupId)}` };
  if (volumeId !== metadata.volumeId) return { code: 'identity_mismatch', detail: `has volume_id ${quote(volumeId)}` };
  return null;
}

function childHashFinding(cause: unknown, link: CinderLink): Finding<CinderLink> {
  if (cause instanceof ReadFault) return { fault: cause.fault, suspect: cause.looksMissing ? link : null };
  if (!(cause instanceof HashFileFault)) throw cause;
  return { fault: { code: 'metadata_unreadable', detail: `${link.imagePath}_sha256file: ${cause.message}` } };
}

function parentHashFinding(cause: unknown, parent: CinderLink): Finding<CinderLink> {
  if (cause instanceof ReadFault) return { fault: cause.fault, suspect: cause.looksMissing ? parent : null };
  if (!(cause instanceof HashFileFault)) throw cause;
  const detail = `parent ${parent.backupId}: its _sha256file: ${cause.message}`;
  return { fault: { code: 'parent_broken', detail } };
}

function geometry(detail: string): Finding<CinderLink> {
  return { fault: { code: 'geometry', detail } };
}

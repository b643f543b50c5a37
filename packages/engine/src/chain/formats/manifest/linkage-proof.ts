import {
  compareHashLists,
  type HashComparison,
  HashListError,
  readHashHeader,
} from '../../proof/compare-hash-lists.ts';
import { checkGeometry } from '../../proof/geometry-check.ts';
import { HashFileFault, type HashFileHeader } from '../../proof/hash-file.ts';
import type { Fault } from '../../proof/link.ts';
import { checkLinkage } from '../../proof/linkage-check.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import type { ManifestHashes } from './manifest-hashes.ts';
import type { ManifestFinding, ManifestLink } from './manifest-link.ts';

/** Compares the blocks a link stores with the block hashes of the link and its parent. */
export async function proveLinkage(
  hashes: ManifestHashes,
  link: ManifestLink,
  parent: ManifestLink | null,
): Promise<ManifestFinding> {
  const disagreement = findDisagreement(link, parent);
  if (disagreement !== null) return { fault: disagreement };
  try {
    if (parent === null) return judge(link, await readHashHeader(hashes.openForHeader(link)), null, null);
    const comparison = await compareHashLists(hashes.open(link), hashes.open(parent), link.objects.count);
    return judge(link, comparison.child, comparison, parent);
  } catch (error) {
    if (!(error instanceof HashListError)) throw error;
    return hashFinding(error.cause, error.side === 'parent' && parent !== null ? parent : null, link);
  }
}

/** Finds a contradiction between a link and its parent that the manifests alone show. */
function findDisagreement({ header, place }: ManifestLink, parent: ManifestLink | null): Fault | null {
  if (parent === null) return null;
  const key = place.manifest?.key ?? place.imagePath;
  const { block_size, volume_size, backup } = parent.header;
  if (parent.place.blockHashes === null) {
    return { code: 'parent_broken', detail: `parent ${backup.id}: its block hashes are missing` };
  }
  if (header.block_size !== block_size) {
    return geometry(`${key} has a block size of ${header.block_size}, but the parent's is ${block_size}`);
  }
  if (header.volume_size > volume_size) {
    return geometry(`${key} has a volume of ${header.volume_size} bytes, more than the parent's ${volume_size}`);
  }
  return null;
}

function judge(
  link: ManifestLink,
  hashHeader: HashFileHeader,
  comparison: HashComparison | null,
  parent: ManifestLink | null,
): ManifestFinding {
  const { header, objects, place } = link;
  const result = checkGeometry(objects, hashHeader, comparison === null);
  if (result.kind === 'broken') return { fault: geometry(`${place.imagePath}: ${result.fault.detail}`) };
  // A last block that is not stored is the parent's, and as long as the parent's.
  const parentEnd = Math.min(hashHeader.hashCount * header.block_size, parent?.header.volume_size ?? 0);
  const end = result.volumeBytes ?? parentEnd;
  if (end !== header.volume_size) {
    const detail = `the last block ends at byte ${end}, but the volume at ${header.volume_size}`;
    return { fault: geometry(`${place.imagePath}: ${detail}`) };
  }
  if (comparison !== null) {
    const fault = checkLinkage(comparison.changed, result.stored);
    if (fault !== null) return { fault: { ...fault, detail: `${place.imagePath}: ${fault.detail}` } };
  }
  return { fault: null, level: 'linkage', volumeBytes: header.volume_size };
}

/** `parent` is set if the hashes that cannot be read are the parent's. */
function hashFinding(cause: unknown, parent: ManifestLink | null, link: ManifestLink): ManifestFinding {
  if (cause instanceof ReadFault) {
    return { fault: cause.fault, suspect: cause.looksMissing ? (parent ?? link).place : null };
  }
  if (!(cause instanceof HashFileFault)) throw cause;
  if (parent === null) {
    const key = link.place.blockHashes?.key ?? link.place.imagePath;
    return { fault: { code: 'metadata_unreadable', detail: `${key} ${cause.message}` } };
  }
  const detail = `parent ${parent.header.backup.id}: its block hashes: ${cause.message}`;
  return { fault: { code: 'parent_broken', detail } };
}

function geometry(detail: string): Fault {
  return { code: 'geometry', detail };
}

import type { PlannedPart, VerificationPart } from '../catalogue/part-records.ts';
import type { LinkData } from '../chain/data.ts';
import type { EdgeProof } from '../chain/proof/link.ts';
import { ReadFault } from '../chain/proof/read-fault.ts';

/** A link whose data is to be read. */
export type UnreadLink = {
  readonly link: LinkData;
  /** Position in the chain. */
  readonly index: number;
  readonly edge: EdgeProof;
};

/** How large links are cut. */
export type Cutting = {
  /** Minimum number of stored bytes in a part. Only the last part of a link has fewer. */
  readonly leastPartBytes: number;
  /** Largest number of parts of a link. */
  readonly linkPartsMax: number;
  /**
   * Minimum number of stored bytes in a part for each byte of the link's block hashes. A node that begins in the middle
   * of a link reads its hashes from their beginning.
   */
  readonly bytesForHashByte: number;
};

/**
 * 4 GiB take some seconds to a minute. So nodes end at almost the same time, and little waits for a node that died,
 * while a commit of the catalogue costs nothing in comparison. With 64 parts, a link of any size is shared by as many
 * nodes as a cluster has. Hashes that are read again add at most 5 %.
 */
export const usualCutting: Cutting = { leastPartBytes: 4 * 1024 ** 3, linkPartsMax: 64, bytesForHashByte: 20 };

/** Bytes of a block's hash in a file of hex digits: the digits, quotes, comma and space. */
const hashEntryBytes = 68;

/**
 * Cuts links into the parts of a verification, in order. A link is cut as it was before if its listing is the same.
 * Reads the metadata of large links that were not cut before. A link is left whole if its metadata has a fault, which
 * is found again when the link is read. Throws storage errors.
 */
export async function cutLinks(
  unread: readonly UnreadLink[],
  before: readonly VerificationPart[],
  cutting: Cutting,
): Promise<readonly PlannedPart[]> {
  const parts: PlannedPart[] = [];
  for (const { link, index, edge } of unread) {
    const listingDigest = edge.listing.digest;
    const own = { backupId: link.backupId, link: index, listingDigest };
    const known = before.filter((part) => part.backupId === link.backupId && part.listingDigest === listingDigest);
    if (known.length > 0) {
      for (const { firstObject, objectCount } of known) parts.push({ ...own, firstObject, objectCount });
      continue;
    }
    for (const firstObject of await firstObjectsOf(link, edge.listing.storedBytes, cutting)) {
      const last = parts.at(-1);
      if (firstObject > 0 && last !== undefined) {
        parts[parts.length - 1] = { ...last, objectCount: firstObject - last.firstObject };
      }
      parts.push({ ...own, firstObject, objectCount: null });
    }
  }
  return parts;
}

/** The number of the link's objects before each of its parts. */
async function firstObjectsOf(link: LinkData, storedBytes: number, cutting: Cutting): Promise<readonly number[]> {
  const { blocks, volumeBytes } = link;
  const hashListBytes = blocks === null ? 0 : Math.ceil(volumeBytes / blocks.bytes) * hashEntryBytes;
  const partBytes = Math.max(
    cutting.leastPartBytes,
    Math.ceil(storedBytes / cutting.linkPartsMax),
    hashListBytes * cutting.bytesForHashByte,
  );
  const firstObjects = [0];
  if (storedBytes <= partBytes) return firstObjects;
  let index = 0;
  let bytes = 0;
  try {
    for await (const batch of link.objects()) {
      for (const object of batch) {
        if (object.key === null) continue;
        if (bytes >= partBytes) {
          firstObjects.push(index);
          bytes = 0;
        }
        index += 1;
        bytes += object.storedBytes;
      }
    }
  } catch (error) {
    if (!(error instanceof ReadFault)) throw error;
    return [0];
  }
  return firstObjects;
}

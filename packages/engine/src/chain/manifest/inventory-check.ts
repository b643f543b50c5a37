import { Buffer } from 'node:buffer';
import type { Fault } from '../link.ts';
import type { PathObjects } from '../path-listings.ts';
import type { ManifestObjects } from './manifest-objects.ts';

export type InventoryFinding = {
  readonly fault: Fault;
  /** The object whose ETag is not the MD5 that the manifest has: it may merely be encrypted. Else null. */
  readonly etagOfKey: string | null;
};

/**
 * Whether exactly the objects that the manifest names are listed, each of its size, and where the ETag can be compared
 * with an MD5 of the stored bytes, with that content. Null where all is so.
 */
export function checkInventory(
  imagePath: string,
  named: ManifestObjects,
  listed: PathObjects,
): InventoryFinding | null {
  const namedRows = named.keys.rowsByKey();
  let missing: string | null = null;
  let missingCount = 0;
  let stray: string | null = null;
  let sizeFault: InventoryFinding | null = null;
  let etagFault: InventoryFinding | null = null;
  let [at, listedRow] = [0, 0];
  while (at < namedRows.length || listedRow < listed.keys.count) {
    const row = namedRows[at] ?? 0;
    const order = compareNext(at < namedRows.length, listedRow < listed.keys.count, () =>
      named.keys.compare(row, listed.keys, listedRow),
    );
    if (order < 0) {
      missing ??= named.keys.at(row);
      missingCount += 1;
    } else if (order > 0) stray ??= listed.keys.at(listedRow);
    else {
      sizeFault ??= checkSize(imagePath, named, row, listed.sizes.sizeAt(listedRow));
      etagFault ??= checkEtag(imagePath, named, row, listed.sizes.md5At(listedRow));
    }
    if (order <= 0) at += 1;
    if (order >= 0) listedRow += 1;
  }
  if (missing !== null) {
    const others = missingCount > 1 ? `, the first of ${missingCount} that are missing` : '';
    return found('object_missing', `${imagePath}/${missing}${others}`);
  }
  if (stray !== null) return found('object_stray', stray === '' ? imagePath : `${imagePath}/${stray}`);
  return sizeFault ?? etagFault;
}

/** What is over on one side alone comes before the end of the other. */
function compareNext(hasNamed: boolean, hasListed: boolean, compare: () => number): number {
  if (!hasNamed) return 1;
  return hasListed ? compare() : -1;
}

function checkSize(imagePath: string, named: ManifestObjects, row: number, size: number): InventoryFinding | null {
  const expected = named.storedSizeAt(row);
  if (size === expected) return null;
  const key = `${imagePath}/${named.keys.at(row)}`;
  return found('object_size_impossible', `${key} has ${size} bytes, and must have ${expected}`);
}

function checkEtag(
  imagePath: string,
  named: ManifestObjects,
  row: number,
  etag: Uint8Array | null,
): InventoryFinding | null {
  const md5 = named.storedMd5.at(row);
  if (etag === null || md5 === null || Buffer.compare(etag, md5) === 0) return null;
  const key = `${imagePath}/${named.keys.at(row)}`;
  const detail = `${key} has ETag ${Buffer.from(etag).toString('hex')}, and must have MD5 ${named.storedMd5.hexAt(row)}`;
  return { fault: { code: 'object_etag_mismatch', detail }, etagOfKey: key };
}

function found(code: Fault['code'], detail: string): InventoryFinding {
  return { fault: { code, detail }, etagOfKey: null };
}

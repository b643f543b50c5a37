import { createHash } from 'node:crypto';
import { counted } from '@backup-sync/contracts';
import type { BucketContext } from '../../chain-context.ts';
import type { Digest } from '../../data.ts';
import type { ImageSource } from '../../disk-image/image-source.ts';
import type { Fault } from '../../proof/link.ts';
import { readRange } from '../../read-range.ts';
import { filesOf, type PackageSet } from './package-set.ts';
import type { PackageFile } from './read-package.ts';
import { refuseSparse } from './stored-package.ts';

/** Bytes at the end of a gzip file that have the size of what it contains, modulo 2^32. */
const gzipSizeBytes = 4;

/** What comparing the files with descriptor and manifest found. */
export type InventoryCheck = {
  readonly fault: Fault | null;
  /** Paths of compressed files of which nothing says how large they must be. */
  readonly unsized: ReadonlySet<string>;
};

/**
 * Compares the stored files with what descriptor and manifest say. Reads only the ends of compressed files whose
 * size nothing else tells. Throws `ReadFault`, and storage errors.
 */
export async function checkInventory(context: BucketContext, set: PackageSet): Promise<InventoryCheck> {
  const files = filesOf(set);
  const unsized = new Set<string>();
  const missing = files.filter(({ stored }) => stored === null);
  if (missing.length > 0 && set.stored.cut !== null) return { fault: impossible(set.stored.cut), unsized };
  if (missing.length > 0) {
    const [first] = missing;
    const more = missing.length > 1 ? ` and ${counted(missing.length - 1, 'other')}` : '';
    return { fault: { code: 'object_missing', detail: `${first?.path}${more}` }, unsized };
  }
  for (const file of files) {
    if (file.stored !== null) refuseSparse(file.path, file.stored);
    const size = await checkSize(context, file);
    if (size === 'unknown') unsized.add(file.path);
    else if (size !== null) return { fault: size, unsized };
  }
  return { fault: set.stored.cut === null ? null : impossible(set.stored.cut), unsized };
}

async function checkSize(
  context: BucketContext,
  { path, stored, bytes, digest, file }: PackageFile,
): Promise<Fault | 'unknown' | null> {
  if (stored === null) return null;
  const isEmpty = stored.bytes <= 0 && bytes !== 0;
  if (isEmpty && !isOfNothing(digest)) return impossible(`${path} is empty`);
  if (digest !== null || bytes === null || bytes === stored.bytes) return null;
  // Writers do not agree whether the size of a compressed file is the one before or after.
  if (file?.isCompressed === true && file.chunkBytes === null) {
    return (await plainBytesOf(context, stored)) === bytes % 2 ** 32 ? null : 'unknown';
  }
  return impossible(`${path} has ${counted(stored.bytes, 'byte')}, but must have ${bytes}`);
}

async function plainBytesOf(context: BucketContext, { entry, start, bytes }: ImageSource): Promise<number | null> {
  if (bytes < gzipSizeBytes) return null;
  const end = start + bytes;
  const size = await readRange(context, entry, { start: end - gzipSizeBytes, end });
  return Buffer.from(size).readUInt32LE();
}

function isOfNothing(digest: Digest | null): boolean {
  return digest !== null && createHash(digest.algorithm).digest('hex') === digest.hex.toLowerCase();
}

function impossible(detail: string): Fault {
  return { code: 'object_size_impossible', detail };
}

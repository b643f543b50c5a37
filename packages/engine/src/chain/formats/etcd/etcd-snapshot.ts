import { createHash } from 'node:crypto';
import { counted } from '@backup-sync/contracts';
import type { ObjectEntry } from '../../../storage/port.ts';
import type { BucketContext } from '../../chain-context.ts';
import type { Fault, Form } from '../../proof/link.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import { isYoung, unreadableMetadata } from '../../proof/young-metadata.ts';
import { readRange, readStart } from '../../read-range.ts';
import { type DatabaseMeta, hasMagic, joinMeta, metaBytes, readMeta } from './meta-page.ts';

/** Bytes of the SHA-256 at the end of a snapshot. A copy of the database has none. */
export const trailerBytes = 32;

/** What is read at the beginning and the end: a sector each. */
const sectorBytes = 512;
/** Sizes of pages, which are those of the machine's memory. */
const smallestPageBytes = 512;
const usualPageBytes = [4096, 8192, 16_384, 32_768, 65_536];

/** With its hash, all of a snapshot is proved. It is not of a volume, so there is nothing to replay. */
export const hashedForm: Form = { ceiling: 'content', gaps: [] };
export const copiedForm: Form = { ceiling: 'inventory', gaps: ['no_digest'] };

/**
 * Reads the description of the database: of a snapshot with one request. In a copy of the database, the second
 * description may be the newer one, so both are read. If one was being written meanwhile, the other counts. Throws
 * `ReadFault` if neither is right, and storage errors.
 */
export async function readDatabaseMeta(
  context: BucketContext & { readonly nowMs: () => number },
  entry: ObjectEntry,
): Promise<DatabaseMeta> {
  const first = readMeta(await readStart(context, entry, sectorBytes));
  if (first !== null) {
    if (hasTrailer(entry, first)) return first;
    const page = await readPageStart(context, entry, first.pageBytes);
    const second = page === null ? null : readMeta(page);
    return second?.pageBytes === first.pageBytes ? joinMeta(first, second) : first;
  }
  for (const start of usualPageBytes) {
    const page = await readPageStart(context, entry, start);
    if (page === null) break;
    const second = readMeta(page);
    if (second?.pageBytes === start) return second;
  }
  const detail = `${entry.key} does not begin as a database of etcd does`;
  throw new ReadFault(unreadableMetadata({ detail, truncated: true }, entry, context.nowMs()), false);
}

/**
 * Whether anything shows that an object is of etcd, damaged or not: the beginning of a description, or the size of a
 * snapshot with its hash. Nothing shows it of an empty object, and nothing speaks against it. Throws `ReadFault`, and
 * storage errors.
 */
export async function looksLikeEtcd(context: BucketContext, entry: ObjectEntry): Promise<boolean> {
  if (entry.size === 0 || entry.size % smallestPageBytes === trailerBytes) return true;
  if (hasMagic(await readStart(context, entry, sectorBytes))) return true;
  for (const start of usualPageBytes) {
    const page = await readPageStart(context, entry, start);
    if (page === null) break;
    if (hasMagic(page)) return true;
  }
  return false;
}

/** Reads as much of a page as a description needs; null if the object ends before. */
async function readPageStart(context: BucketContext, entry: ObjectEntry, start: number): Promise<Uint8Array | null> {
  const end = start + metaBytes;
  return end > entry.size ? null : await readRange(context, entry, { start, end });
}

/** Whether the size is that of a snapshot with its hash. */
export function hasTrailer({ size }: Pick<ObjectEntry, 'size'>, { pageBytes }: DatabaseMeta): boolean {
  return size % pageBytes === trailerBytes;
}

/**
 * Compares the size with the pages of the database. A snapshot has exactly those that were used. A copy may also have
 * some that were not used yet.
 */
export function checkSize(entry: ObjectEntry, meta: DatabaseMeta, nowMs: number): Fault | null {
  const { key, size } = entry;
  const { pageBytes, pages } = meta;
  const databaseBytes = pages * BigInt(pageBytes);
  const isPossible = hasTrailer(entry, meta)
    ? BigInt(size - trailerBytes) === databaseBytes
    : size % pageBytes === 0 && BigInt(size) >= databaseBytes;
  if (isPossible) return null;
  const wanted = `${pages} pages of ${pageBytes} bytes, and ${trailerBytes} bytes if its hash is there`;
  const detail = `${key} has ${counted(size, 'byte')}, but must have ${wanted}`;
  const isBeingWritten = BigInt(size) < databaseBytes && isYoung(entry, nowMs);
  return { code: isBeingWritten ? 'incomplete' : 'object_size_impossible', detail };
}

/** Identifies the state of the database, equal for copies of a snapshot. */
export function contentIdOf({ digest }: DatabaseMeta, { size }: ObjectEntry): string {
  return createHash('sha256').update(`etcd ${digest} ${size}`).digest('hex');
}

/** Reads the SHA-256 at the end, in hex. Throws `ReadFault`, and storage errors. */
export async function readTrailer(context: BucketContext, entry: ObjectEntry): Promise<string> {
  const start = Math.max(0, entry.size - sectorBytes);
  const end = await readRange(context, entry, { start, end: entry.size });
  return Buffer.from(end.subarray(-trailerBytes)).toString('hex');
}

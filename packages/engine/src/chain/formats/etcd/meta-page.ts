import { createHash } from 'node:crypto';

/** The description that a database of etcd (bbolt) has of itself. It has two, of its last two transactions. */
export type DatabaseMeta = {
  readonly pageBytes: number;
  /** Number of pages up to the last one that was ever used. */
  readonly pages: bigint;
  /** Number of the transaction that wrote it. The description with the higher one counts. */
  readonly transaction: bigint;
  /** Identifies the state: SHA-256, hex, over the description, or over both. */
  readonly digest: string;
};

/** Bytes of the header of each page. */
const pageHeaderBytes = 16;
const checkedBytes = 56;
/** Bytes of a page that a description needs. */
export const metaBytes = pageHeaderBytes + checkedBytes + 8;

const magic = 0xed0cdaed;
const version = 2;
const pageBytesRange = { min: 512, max: 65_536 };

/**
 * Reads the description at the beginning of a page. Null if there is none, or if it does not have its own checksum: it
 * was being written, or is damaged.
 */
export function readMeta(page: Uint8Array): DatabaseMeta | null {
  if (page.length < metaBytes) return null;
  const view = new DataView(page.buffer, page.byteOffset + pageHeaderBytes, checkedBytes + 8);
  if (view.getUint32(0, true) !== magic || view.getUint32(4, true) !== version) return null;
  const checked = page.subarray(pageHeaderBytes, pageHeaderBytes + checkedBytes);
  if (view.getBigUint64(checkedBytes, true) !== fnv1a(checked)) return null;
  const pageBytes = view.getUint32(8, true);
  const isPossible = Number.isInteger(Math.log2(pageBytes));
  if (!isPossible || pageBytes < pageBytesRange.min || pageBytes > pageBytesRange.max) return null;
  const digest = createHash('sha256').update(checked).digest('hex');
  return { pageBytes, pages: view.getBigUint64(40, true), transaction: view.getBigUint64(48, true), digest };
}

/** Whether a page begins as one with a description does, even if that is damaged. */
export function hasMagic(page: Uint8Array): boolean {
  if (page.length < pageHeaderBytes + 4) return false;
  return new DataView(page.buffer, page.byteOffset + pageHeaderBytes, 4).getUint32(0, true) === magic;
}

/** What two descriptions of one database say together. */
export function joinMeta(one: DatabaseMeta, other: DatabaseMeta): DatabaseMeta {
  const newer = other.transaction > one.transaction ? other : one;
  return { ...newer, digest: createHash('sha256').update(`${one.digest} ${other.digest}`).digest('hex') };
}

/** The checksum of bbolt: FNV-1a with 64 bits. */
export function fnv1a(bytes: Uint8Array): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}

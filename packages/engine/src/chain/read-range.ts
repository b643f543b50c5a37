import { Buffer } from 'node:buffer';
import { findVersion, versionOf } from '../storage/bound-range.ts';
import type { GetRequest, ObjectEntry, StorageUnit } from '../storage/port.ts';
import type { BucketContext } from './chain-context.ts';
import { readListedObject, withReadFaults } from './proof/read-fault.ts';

type Listed = Pick<ObjectEntry, 'key' | 'size' | 'etag' | 'modifiedAtMs'>;

/**
 * Opens the bytes of a listed object from `start` to `end`, exclusive. Throws `ReadFault` `changed_while_read` if it is
 * no longer the listed object, and storage errors.
 */
export async function openRange(
  storage: StorageUnit,
  request: GetRequest,
  listed: Listed,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<AsyncIterable<Uint8Array>> {
  const of = await withReadFaults(listed.key, () => findVersion(storage, request, listed));
  if (of !== null) return await readListedObject(storage, { ...request, range: { start, end, of } }, listed);
  // Without a version of the object, only all of it is certain to be of one version.
  return slice(await readListedObject(storage, request, listed), start, end);
}

/** Reads the bytes of a listed object from `start` to `end`, exclusive. Throws as `openRange` does. */
export async function readRange(
  { storage, bucketName: bucket, signal }: BucketContext,
  listed: Listed,
  range: { readonly start: number; readonly end: number },
): Promise<Uint8Array> {
  return await collect(await openRange(storage, { bucket, key: listed.key, signal }, listed, range));
}

/**
 * Reads the first bytes of a listed object, or all of it if it is shorter. Costs one request: if the listing does not
 * show the version, as of a file, all of the object is opened and the rest left. Throws as `openRange` does.
 */
export async function readStart(
  { storage, bucketName: bucket, signal }: BucketContext,
  listed: Listed,
  bytes: number,
): Promise<Uint8Array> {
  const end = Math.min(bytes, listed.size);
  const of = versionOf(listed);
  const range = of === null || end === 0 ? {} : { range: { start: 0, end, of } };
  const body = await readListedObject(storage, { bucket, key: listed.key, signal, ...range }, listed);
  return await collect(body, end);
}

/** The bytes up to a number, all by default. Leaving the rest releases the connection or file. */
async function collect(body: AsyncIterable<Uint8Array>, most = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of body) {
    pieces.push(piece);
    length += piece.length;
    if (length >= most) break;
  }
  return Buffer.concat(pieces).subarray(0, Math.min(length, most));
}

async function* slice(bytes: AsyncIterable<Uint8Array>, start: number, end: number): AsyncGenerator<Uint8Array> {
  let at = 0;
  for await (const piece of bytes) {
    if (at + piece.length > start && at < end) yield piece.subarray(Math.max(0, start - at), end - at);
    at += piece.length;
  }
}

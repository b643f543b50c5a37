import type { PieceMemories, StorageUnit } from '../../storage/port.ts';
import { decompress } from '../compression/decompress.ts';
import { DecompressionFault } from '../compression/decompression-fault.ts';
import { decompressFrames } from '../compression/frames.ts';
import type { StoredContent } from '../data.ts';
import { ReadFault } from '../proof/read-fault.ts';
import { ObjectDigests } from './digests.ts';
import { openObject } from './open-object.ts';

/**
 * Reads the plain bytes of an object, in pieces, and checks lengths and digests. Do not trust the bytes before the last
 * piece has come: a wrong digest throws only at the end. A piece is valid until the next is requested. Storage may read
 * into `memory`.
 *
 * Throws `ReadFault`, for example `content_mismatch` or `object_missing`; `StorageError` if storage is throttled,
 * unreachable or has lost the bucket; and the signal's reason.
 */
export async function* readVerified(
  storage: StorageUnit,
  bucketName: string,
  object: StoredContent,
  signal: AbortSignal,
  memory: PieceMemories | null = null,
): AsyncGenerator<Uint8Array> {
  const { key, compression, frames, length } = object;
  const digests = new ObjectDigests(object);
  // Whatever decompresses a whole object reads ahead, and so keeps more than two pieces.
  const readsThrough = compression === 'none' && (memory ?? true);
  const body = await openObject(storage, { bucket: bucketName, key, signal, readsThrough }, object);
  const stored = digests.wantsStored ? watch(body, digests) : body;
  const plain =
    frames === undefined
      ? decompress(stored, compression, length)
      : decompressFrames(stored, object.storedBytes, frames, length);
  try {
    for await (const piece of plain) {
      digests.addPlain(piece);
      yield piece;
    }
  } catch (error) {
    if (error instanceof DecompressionFault) throw contentMismatch(key, error.message);
    throw error;
  }
  const difference = digests.finish();
  if (difference !== null) throw contentMismatch(key, difference);
}

export function contentMismatch(key: string, problem: string): ReadFault {
  return new ReadFault({ code: 'content_mismatch', detail: `${key}: ${problem}` }, false);
}

async function* watch(body: AsyncIterable<Uint8Array>, digests: ObjectDigests): AsyncGenerator<Uint8Array> {
  for await (const piece of body) {
    digests.addStored(piece);
    yield piece;
  }
}

import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { counted } from '@backup-sync/contracts';
import { changedWhileRead } from '../bound-range.ts';
import { bytesOfPiece } from '../piece-memories.ts';
import { type GetRequest, StorageError } from '../port.ts';
import { identityOf } from './file-identity.ts';
import { toStorageError } from './filesystem-error.ts';

const chunkBytes = 256 * 1024;

/**
 * Yields the bytes of an open file, or a range of them, then closes it. Throws `unreachable` (for a range,
 * `changed_while_read`) if the file differs from `opened` at the end. Files may be written in place, and bytes from two
 * states belong to neither.
 */
export async function* readFileBody(
  file: FileHandle,
  opened: BigIntStats,
  subject: string,
  { range, signal, readsThrough = false }: Pick<GetRequest, 'range' | 'signal' | 'readsThrough'>,
): AsyncGenerator<Uint8Array> {
  const size = Number(opened.size);
  const { start, end } = range ?? { start: 0, end: size };
  const mostBytes = readsThrough ? bytesOfPiece(end - start) : chunkBytes;
  const makeChunk = () => Buffer.allocUnsafeSlow(Math.min(mostBytes, end - start));
  const turns = readsThrough === true ? [makeChunk(), makeChunk()] : readsThrough || null;
  try {
    let position = start;
    let turn = 0;
    while (position < end) {
      signal?.throwIfAborted();
      const chunk = turns?.[turn % turns.length] ?? makeChunk();
      turn += 1;
      const wanted = Math.min(chunk.length, end - position);
      const { bytesRead } = await readOrExplain(() => file.read(chunk, 0, wanted, position), subject);
      if (bytesRead === 0) {
        if (range !== undefined) throw changedWhileRead(subject);
        throw new StorageError(
          'unreachable',
          `${subject}: the file ended after ${position} of ${counted(size, 'byte')}`,
        );
      }
      position += bytesRead;
      yield chunk.subarray(0, bytesRead);
    }
    const closing = await readOrExplain(() => file.stat({ bigint: true }), subject);
    if (identityOf(closing) !== identityOf(opened) || closing.nlink === 0n) {
      if (range !== undefined) throw changedWhileRead(subject);
      throw new StorageError('unreachable', `${subject}: the file was changed or removed while it was read`);
    }
  } finally {
    await file.close();
  }
}

async function readOrExplain<Result>(read: () => Promise<Result>, subject: string): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    throw toStorageError(error, subject);
  }
}

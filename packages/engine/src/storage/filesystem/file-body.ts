import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { counted } from '@backup-sync/contracts';
import { type GetRequest, StorageError } from '../port.ts';
import { toStorageError } from './filesystem-error.ts';

const chunkBytes = 256 * 1024;

/**
 * Yields the bytes of an open file, then closes it. Throws `unreachable` where the file is not to the end what `opened`
 * says: files are written in place, and what was read of two states is neither.
 */
export async function* readFileBody(
  file: FileHandle,
  opened: Stats,
  subject: string,
  { signal, readsThrough = false }: Pick<GetRequest, 'signal' | 'readsThrough'>,
): AsyncGenerator<Uint8Array> {
  const makeChunk = () => Buffer.allocUnsafeSlow(Math.min(chunkBytes, opened.size));
  const turns = readsThrough ? [makeChunk(), makeChunk()] : null;
  try {
    let position = 0;
    let turn = 0;
    while (position < opened.size) {
      signal?.throwIfAborted();
      const chunk = turns?.[turn % turns.length] ?? makeChunk();
      turn += 1;
      const wanted = Math.min(chunk.length, opened.size - position);
      const { bytesRead } = await readOrExplain(() => file.read(chunk, 0, wanted, position), subject);
      if (bytesRead === 0) {
        throw new StorageError('unreachable', `${subject}: ended after ${position} of ${counted(opened.size, 'byte')}`);
      }
      position += bytesRead;
      yield chunk.subarray(0, bytesRead);
    }
    const closing = await readOrExplain(() => file.stat(), subject);
    if (closing.size !== opened.size || closing.mtimeMs !== opened.mtimeMs || closing.nlink === 0) {
      throw new StorageError('unreachable', `${subject}: was changed or removed while it was read`);
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

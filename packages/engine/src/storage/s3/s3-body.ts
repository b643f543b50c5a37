import type { Readable } from 'node:stream';
import { counted } from '@backup-sync/contracts';
import { StorageError } from '../port.ts';

/**
 * Yields the bytes of an answer. Leaving the loop early destroys the connection; reading to the end frees it for the
 * next request. Throws `unreachable` if the answer does not have `size` bytes.
 */
export async function* readS3Body(
  stream: Readable,
  size: number,
  subject: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  let received = 0;
  const cut = () =>
    new StorageError('unreachable', `${subject}: the answer ended after ${received} of ${counted(size, 'byte')}`);
  try {
    for await (const chunk of stream) {
      received += chunk.length;
      yield chunk;
    }
  } catch {
    signal?.throwIfAborted();
    throw cut();
  } finally {
    stream.destroy();
  }
  if (received !== size) throw cut();
}

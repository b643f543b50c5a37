import type { Readable } from 'node:stream';
import { counted } from '@backup-sync/contracts';
import { StorageError } from '../port.ts';

/** Yields the bytes of an answer. Destroys its connection when left early; an answer read to its end frees it for the next. */
export async function* readS3Body(
  stream: Readable,
  size: number,
  subject: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  let received = 0;
  const cut = () => new StorageError('unreachable', `${subject}: ended after ${received} of ${counted(size, 'byte')}`);
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

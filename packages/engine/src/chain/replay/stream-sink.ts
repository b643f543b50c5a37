import type { Writable } from 'node:stream';
import type { VolumeSink } from './replay-chain.ts';

/** Hands a volume to a stream, such as standard output, no faster than it takes it. Leaves the stream open. */
export function streamSink(stream: Writable): VolumeSink {
  // A failure is thrown by the write that it ends.
  stream.on('error', () => {});
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        stream.write(bytes, (error) => (error == null ? resolve() : reject(error)));
      }),
  };
}

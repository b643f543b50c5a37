import type { Writable } from 'node:stream';
import type { VolumeSink } from './replay-chain.ts';

/** Writes a volume to a stream, such as standard output, no faster than the stream accepts it. Leaves it open. */
export function streamSink(stream: Writable): VolumeSink {
  // The write that fails throws the error.
  stream.on('error', () => {});
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        stream.write(bytes, (error) => (error == null ? resolve() : reject(error)));
      }),
  };
}

import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { printable } from '../../quote.ts';
import type { StorageUnit } from '../../storage/port.ts';
import { readVerified } from '../content/verified-bytes.ts';
import type { VolumeData } from '../data.ts';
import type { Fault } from '../proof/link.ts';
import { ReadFault } from '../proof/read-fault.ts';
import type { StorageOpening } from '../threads/messages.ts';
import { StorageThreads } from '../threads/storage-threads.ts';
import { untilAborted } from '../until-aborted.ts';
import { BlockCheck } from './block-check.ts';
import { type ObjectOpener, openInThisThread } from './plain-pieces.ts';
import { ReadAhead } from './read-ahead.ts';
import { sweepChain } from './sweep.ts';
import { openInThreads } from './threaded-pieces.ts';
import { assembleVolume, type VolumePart } from './volume-window.ts';

/** The volume is assembled in parts of at least this many bytes, and of at least one block. */
const partBytesMin = 1024 * 1024;

/** Up to this size, threads would cost more than they save. */
const aloneBytesMax = 32 * 1024 * 1024;

/** Takes a volume's bytes in order, without gaps. An error that it throws ends the replay. */
export interface VolumeSink {
  /** Writes bytes at an offset of the volume. They may be overwritten once the promise is fulfilled. */
  write(bytes: Uint8Array, offset: number): Promise<void>;
}

export type ReplayProgress = {
  /** Bytes of the volume that were assembled, checked and passed on. */
  readonly replayedBytes: number;
  readonly volumeBytes: number;
  /** Objects opened so far. `storedBytes` are theirs. */
  readonly objects: number;
  readonly storedBytes: number;
};

export type ReplayOptions = {
  /** Reads the objects, and admits the requests of threads. */
  readonly storage: StorageUnit;
  /** How a thread opens the same storage unit for itself. Null to read everything in this thread. */
  readonly opening: StorageOpening | null;
  /** Default: the number of cores. */
  readonly threadCount?: number;
  /** Gets the bytes; null if only their hash is wanted. */
  readonly sink: VolumeSink | null;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: ReplayProgress) => void;
};

/** The result of replaying a chain. */
export type Replay = ReplayProgress &
  (
    | {
        readonly fault: null;
        /** SHA-256 of the whole volume, hex. */
        readonly sha256: string;
      }
    | {
        /** Why the chain does not give the leaf's volume. Discard what the sink got before. */
        readonly fault: Fault;
        readonly sha256: null;
      }
  );

/**
 * Proves a chain to `replay`: assembles the leaf's volume, taking each byte from the last link that stores it. Reads
 * each object once, in the order of the volume and somewhat ahead, in threads if the volume is large. Compares objects
 * with their digests, and every block of the volume with the leaf's block hashes before passing it on. Memory does not
 * depend on the size of the volume or its objects.
 *
 * Throws `StorageError` if storage is throttled, unreachable or has lost the bucket; the signal's reason; and the
 * errors of the sink.
 */
export async function replayChain(chain: VolumeData, options: ReplayOptions): Promise<Replay> {
  const { signal } = options;
  signal.throwIfAborted();
  const ended = new AbortController();
  const readSignal = AbortSignal.any([signal, ended.signal]);
  await using opener = openObjects(chain, options, readSignal);
  await using segments = new ReadAhead(sweepChain(chain), opener);
  const progress = { replayedBytes: 0, volumeBytes: chain.links.at(-1)?.volumeBytes ?? 0 };
  try {
    const sha256 = await replayParts(chain, segments, progress, options);
    return { ...progress, ...segments.count, fault: null, sha256 };
  } catch (error) {
    if (!(error instanceof ReadFault)) throw error;
    const fault: Fault = { ...error.fault, detail: printable(error.fault.detail) };
    return { ...progress, ...segments.count, fault, sha256: null };
  } finally {
    ended.abort();
  }
}

function openObjects(
  { links }: VolumeData,
  { storage, opening, threadCount = availableParallelism() }: ReplayOptions,
  signal: AbortSignal,
): ObjectOpener {
  const volumeBytes = links.at(-1)?.volumeBytes ?? 0;
  if (opening === null || volumeBytes <= aloneBytesMax) {
    return openInThisThread(({ location }, object) => readVerified(storage, location.bucketName, object, signal));
  }
  return openInThreads(new StorageThreads(opening, storage, threadCount), threadCount, signal);
}

async function replayParts(
  { links, holesAreZeros = false }: VolumeData,
  segments: ReadAhead,
  progress: { replayedBytes: number; readonly volumeBytes: number },
  { sink, signal, onProgress }: ReplayOptions,
): Promise<string> {
  const blocks = links.at(-1)?.blocks ?? null;
  await using check = blocks === null ? null : new BlockCheck(blocks);
  const partBytes = blocks === null ? partBytesMin : Math.ceil(partBytesMin / blocks.bytes) * blocks.bytes;
  const sha256 = createHash('sha256');
  let writing: Promise<void> = Promise.resolve();
  for await (const part of assembleVolume(segments, partBytes, progress.volumeBytes, holesAreZeros)) {
    await check?.take(part.bytes, (distance) => originOf(part, distance));
    sha256.update(part.bytes);
    await untilAborted(writing, signal);
    // If enough was read ahead, nothing in this loop waits, so let the thread answer calls after each part.
    await setImmediate();
    progress.replayedBytes += part.bytes.length;
    onProgress?.({ ...progress, ...segments.count });
    if (sink === null) continue;
    writing = sink.write(part.bytes, part.offset);
    // Awaited before the next write. Until then, a failure must not count as unhandled.
    writing.catch(() => {});
  }
  await untilAborted(writing, signal);
  await check?.end();
  return sha256.digest('hex');
}

function originOf(part: VolumePart, distance: number): string {
  const source = part.sourceAt(distance);
  return source === null ? '' : `; it was read from ${source.object.key}`;
}

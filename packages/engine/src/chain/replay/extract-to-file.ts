import type { VolumeData } from '../data.ts';
import { FileSink } from './file-sink.ts';
import { type Replay, type ReplayOptions, replayChain } from './replay-chain.ts';

/**
 * Replays a chain into a file. The file exists, complete and synced to disk, only if the replay has no fault. Calls
 * `onPartialReplaced` if an earlier extraction into the file was killed.
 *
 * Throws `OutputError` if the file cannot be written, and the errors of `replayChain`. Then leaves nothing behind.
 */
export async function extractToFile(
  chain: VolumeData,
  output: { readonly path: string; readonly replace: boolean; readonly onPartialReplaced: () => void },
  options: Omit<ReplayOptions, 'sink'>,
): Promise<Replay> {
  const sink = await FileSink.open(output);
  if (sink.hasReplacedPartial) output.onPartialReplaced();
  try {
    const replay = await replayChain(chain, { ...options, sink });
    if (replay.fault === null) await sink.finish(replay.volumeBytes);
    else await sink.discard();
    return replay;
  } catch (error) {
    await sink.discard();
    throw error;
  }
}

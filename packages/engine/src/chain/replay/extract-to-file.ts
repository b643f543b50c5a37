import type { ChainData } from '../data.ts';
import { FileSink } from './file-sink.ts';
import { type Replay, type ReplayOptions, replayChain } from './replay-chain.ts';

/**
 * Replays a chain into a file, which is there when, and only when, the replay has no fault: whole, and on disk. Calls
 * `onPartialReplaced` if an earlier extraction into it was killed.
 *
 * Throws `OutputError` where the file cannot be written, and what `replayChain` throws; then nothing is left.
 */
export async function extractToFile(
  chain: ChainData,
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

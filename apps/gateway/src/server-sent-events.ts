import { once } from 'node:events';
import { BackupSyncError, type StreamName } from '@backup-sync/contracts';
import type { Response } from 'express';
import { heartbeatMs, type OpenedStream } from './open-stream.ts';

/**
 * Answers with a stream as `text/event-stream`. `id` is the place to resume after, `event` is `operation`, and `data`
 * is JSON. The first line is the id that the stream starts after. If the reader is slow, the server waits for it. If
 * the stream cannot continue, the answer ends; the reader reconnects with its last id, and the refusal then says why.
 *
 * Throws only faults of this program.
 */
export async function answerWithEvents(
  response: Response,
  stream: OpenedStream<StreamName>,
  gone: AbortSignal,
): Promise<void> {
  // Proxies must not buffer events.
  response.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache', 'X-Accel-Buffering': 'no' });
  response.status(200).write(`id: ${stream.start}\n\n`);
  const heartbeat = setInterval(() => {
    if (!response.writableNeedDrain) response.write(': alive\n\n');
  }, heartbeatMs);
  try {
    for await (const { id, data } of stream.events) {
      const isTaken = response.write(`id: ${id}\nevent: operation\ndata: ${JSON.stringify(data)}\n\n`);
      if (!isTaken) await once(response, 'drain', { signal: gone });
    }
  } catch (error) {
    if (!gone.aborted && !(error instanceof BackupSyncError)) throw error;
  } finally {
    clearInterval(heartbeat);
  }
  response.end();
}

import { once } from 'node:events';
import { BackupSyncError, type StreamName } from '@backup-sync/contracts';
import type { Response } from 'express';
import { heartbeatMs, type OpenedStream } from './open-stream.ts';

/**
 * Answers with a stream as `text/event-stream`: `id` is where to resume, `event` is `operation`, `data` is JSON. It begins
 * with the id that it starts behind. A reader who does not keep up is waited for. The answer ends where the stream can not
 * go on: the reader comes again with its last id, and is told why if it may not.
 *
 * Throws faults of this program.
 */
export async function answerWithEvents(
  response: Response,
  stream: OpenedStream<StreamName>,
  gone: AbortSignal,
): Promise<void> {
  // Proxies are not to gather events.
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

import { createParser } from 'eventsource-parser';
import { urlOf } from '../http/endpoint.ts';
import type { Transport } from '../http/transport.ts';
import { encodeStrictly } from '../signing/canonical-request.ts';

/** One event of the stream. */
export type StreamedEvent = {
  /** Id to resume after; undefined if the service does not send one. */
  readonly id: string | undefined;
  /** JSON: an `OperationEvent` of the contracts. */
  readonly data: string;
};

/**
 * Opens the stream of a project's operations, after the event with the id `after`, if not null. Returns null if the
 * service has no such stream. Throws `BackupSyncError` if the service refuses or nothing answers.
 *
 * The stream yields every event from the moment in which the promise is fulfilled. When it breaks, it ends or throws.
 * Silence counts as a break, since services send a heartbeat.
 */
export type OpenEvents = (after: string | null, signal: AbortSignal) => Promise<AsyncIterable<StreamedEvent> | null>;

/** Status codes of services that do not know the path, the method or the media type. */
const noStream = new Set([404, 405, 406]);

/** Returns the {@link OpenEvents} of a project. */
export function operationEvents(endpoint: URL, projectId: string, transport: Transport): OpenEvents {
  const path = `/v1/projects/${encodeStrictly(projectId)}/operation-events`;
  return async (after, signal) => {
    const url = urlOf(endpoint, path, after === null ? {} : { after });
    const opened = await transport.open(url, 'text/event-stream', signal);
    if ('refusal' in opened) {
      if (noStream.has(opened.refusal.status)) return null;
      throw opened.refusal.error;
    }
    const { answer } = opened;
    const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
    if (isStream) return readEvents(answer.chunks());
    await answer.discard();
    return null;
  };
}

async function* readEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<StreamedEvent> {
  let ready: StreamedEvent[] = [];
  const parser = createParser({
    onEvent({ id, event, data }) {
      if (event === 'operation') ready.push({ id, data });
    },
  });
  const decoder = new TextDecoder();
  for await (const chunk of chunks) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    yield* ready;
    ready = [];
  }
}

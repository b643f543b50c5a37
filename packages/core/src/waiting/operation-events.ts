import { createParser } from 'eventsource-parser';
import { urlOf } from '../http/endpoint.ts';
import type { Transport } from '../http/transport.ts';
import { encodeStrictly } from '../signing/canonical-request.ts';

/** What happened to an operation, as the stream tells it. */
export type StreamedEvent = {
  /** Where a reader resumes behind it; undefined where the service says nothing of that. */
  readonly id: string | undefined;
  /** JSON: an `OperationEvent` of the contracts. */
  readonly data: string;
};

/**
 * Opens the stream of a project's operations, behind the event of this id where there is one. Yields what happens from the
 * moment on in which this promise is fulfilled, until the stream breaks, as a throw or an end. Null where the service has
 * no such stream. Throws `BackupSyncError` where it is refused or nothing answers. Silence breaks a stream as well: services
 * send a heartbeat.
 */
export type OpenEvents = (after: string | null, signal: AbortSignal) => Promise<AsyncIterable<StreamedEvent> | null>;

/** What services answer that do not know the path, the method or the media type. */
const noStream = new Set([404, 405, 406]);

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

import { hasEnded, operationStatus } from '@backup-sync/contracts';
import { createParser } from 'eventsource-parser';
import { z } from 'zod';
import { urlOf } from '../http/endpoint.ts';
import type { Transport } from '../http/transport.ts';
import { encodeStrictly } from '../signing/canonical-request.ts';

/**
 * Opens the stream of a project's operations. Yields the ids of operations that end, from the moment on in which this
 * promise is fulfilled, until the stream breaks, as a throw or an end. Null where the service has no such stream.
 */
export type OpenEvents = (signal: AbortSignal) => Promise<AsyncIterable<string> | null>;

/** What services answer that do not know the path, the method or the media type. */
const noStream = new Set([404, 405, 406]);

const event = z.object({ operation: z.object({ id: z.string(), status: operationStatus }) });

export function operationEvents(endpoint: URL, projectId: string, transport: Transport): OpenEvents {
  const url = urlOf(endpoint, `/v1/projects/${encodeStrictly(projectId)}/operation-events`);
  return async (signal) => {
    const response = await transport.open(url, 'text/event-stream', signal);
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
    if (response.ok && isStream && response.body !== null) return endedIds(response.body);
    await response.body?.cancel();
    if (response.ok || noStream.has(response.status)) return null;
    throw new Error(`the stream of operations was answered with status ${response.status}`);
  };
}

async function* endedIds(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let ended: string[] = [];
  const parser = createParser({
    onEvent({ event: type, data }) {
      if (type !== 'operation') return;
      const { operation } = event.parse(JSON.parse(data));
      if (hasEnded(operation.status)) ended.push(operation.id);
    },
  });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      parser.feed(decoder.decode(read.value, { stream: true }));
      yield* ended;
      ended = [];
    }
  } finally {
    await reader.cancel();
  }
}

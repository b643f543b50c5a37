import { setTimeout as pause } from 'node:timers/promises';
import { BackupSyncError, type Operation, showOperationAnswer } from '@backup-sync/contracts';
import type { Client } from '@backup-sync/core';
import { createParser } from 'eventsource-parser';
import type { Stream } from './connect.ts';

const pollEveryMs = 1000;
/** Before the stream is opened again. */
const reopenAfterMs = 1000;
/** As many of the newest operations are looked at each time. */
const polledMax = 200;
/** What services answer that have no stream. */
const noStream = new Set([404, 405, 406]);

/** An operation as it is after something happened to it. */
export type OperationEvent = { readonly operation: Operation };

/**
 * What happens to operations, as it happens, until the signal is aborted: from the stream of a server, which is opened
 * again where it stood when it breaks; elsewhere from what changed since the last look, once a second.
 */
export async function* operationEvents(
  client: Client,
  stream: Stream | null,
  signal: AbortSignal,
): AsyncGenerator<OperationEvent> {
  let after: string | null = null;
  while (stream !== null) {
    const response = await open(stream, after, signal);
    if (response !== null && noStream.has(response.status)) break;
    if (response?.status === 401 || response?.status === 403) {
      await response.body?.cancel();
      throw new BackupSyncError('not_authenticated', 'the token is not valid any more, or not for this project');
    }
    if (response?.ok && response.body !== null) {
      for await (const { id, event } of readEvents(response.body)) {
        after = id ?? after;
        yield event;
      }
    }
    await pause(reopenAfterMs, undefined, { signal });
  }
  yield* changes(client, signal);
}

/** Null where the server could not be reached: it may be back soon. */
async function open({ endpoint, projectId, token }: Stream, after: string | null, signal: AbortSignal) {
  const url = new URL(`${endpoint.replace(/\/$/, '')}/v1/projects/${encodeURIComponent(projectId)}/operation-events`);
  if (after !== null) url.searchParams.set('after', after);
  try {
    return await fetch(url, { headers: { Accept: 'text/event-stream', 'X-Auth-Token': token }, signal });
  } catch (error) {
    signal.throwIfAborted();
    if (after !== null) return null;
    throw new BackupSyncError('unreachable', `${url.origin} does not answer`, { cause: error });
  }
}

async function* readEvents(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<{ readonly id: string | undefined; readonly event: OperationEvent }> {
  const ready: { readonly id: string | undefined; readonly event: OperationEvent }[] = [];
  const parser = createParser({
    onEvent({ id, event, data }) {
      if (event === 'operation') ready.push({ id, event: showOperationAnswer.parse(JSON.parse(data)) });
    },
  });
  try {
    for await (const text of body.pipeThrough(new TextDecoderStream())) {
      parser.feed(text);
      yield* ready.splice(0);
    }
  } catch (error) {
    // A stream that breaks off is opened again by whoever reads it; anything else is not for hiding.
    if (!(error instanceof TypeError)) throw error;
  }
}

/** The newest operations whose status has changed since the last look. The first look only learns what there is. */
async function* changes({ operations }: Client, signal: AbortSignal): AsyncGenerator<OperationEvent> {
  let known: Map<string, string> | null = null;
  while (true) {
    const { operations: newest } = await operations.listOperations({ limit: polledMax }, { signal });
    const seen = known;
    known = new Map(newest.map(({ id, status }) => [id, status]));
    for (const operation of seen === null ? [] : newest.toReversed()) {
      if (seen?.get(operation.id) !== operation.status) yield { operation };
    }
    await pause(pollEveryMs, undefined, { signal });
  }
}

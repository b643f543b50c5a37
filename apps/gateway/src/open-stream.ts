import type { StreamName } from '@backup-sync/contracts';
import type { Caller, CallFrom, Engine, StreamEvent } from '@backup-sync/engine';

/** Milliseconds after which a silent stream shows that it lives, and its credentials are looked at again. */
export const heartbeatMs = 15_000;

export type StreamRequest = {
  readonly from: Omit<CallFrom, 'caller'>;
  /** Looks the caller up anew each time. */
  readonly authenticate: () => Promise<Caller>;
  /** Aborted when the reader is gone or the server stops. */
  readonly signal: AbortSignal;
};

export type OpenedStream<Name extends StreamName> = {
  /** The id behind which the first event comes. */
  readonly start: string;
  /** Ends only by throwing. */
  readonly events: AsyncIterable<StreamEvent<Name>>;
};

/**
 * Opens a stream that goes on while the credentials of its request hold; then it throws why they do not. They are looked
 * at before each page of events, so that nothing that comes after their end is shown, and while nothing comes now and then.
 */
export async function openStream<Name extends StreamName>(
  engine: Engine,
  name: Name,
  request: StreamRequest,
  fields: unknown,
): Promise<OpenedStream<Name>> {
  const { from, authenticate } = request;
  const ending = new AbortController();
  const signal = AbortSignal.any([request.signal, ending.signal]);
  const stream = await engine.watch(name, { ...from, caller: await authenticate(), signal }, fields);
  return { start: stream.start, events: whileAllowed() };

  async function* whileAllowed() {
    const timer = setInterval(() => {
      authenticate().catch((error: unknown) => ending.abort(error));
    }, heartbeatMs);
    try {
      for await (const page of stream.pages) {
        await authenticate();
        yield* page;
      }
    } finally {
      clearInterval(timer);
    }
  }
}

import type { StreamName } from '@backup-sync/contracts';
import type { Caller, CallFrom, Engine, StreamEvent } from '@backup-sync/engine';

/** Time after which a silent stream sends a heartbeat and its credentials are checked again, milliseconds. */
export const heartbeatMs = 15_000;

/** The parts of a request that {@link openStream} needs. */
export type StreamRequest = {
  readonly from: Omit<CallFrom, 'caller'>;
  /** Checks the credentials again and returns the caller. */
  readonly authenticate: () => Promise<Caller>;
  /** Aborted when the reader disconnects or the server stops. */
  readonly signal: AbortSignal;
};

/** A stream that was opened. */
export type OpenedStream<Name extends StreamName> = {
  /** Id that the first event follows. */
  readonly start: string;
  /** Never ends normally; it throws the reason. */
  readonly events: AsyncIterable<StreamEvent<Name>>;
};

/**
 * Opens a stream that continues while the credentials of its request are valid; then it throws the reason. Credentials
 * are checked before each page of events, so that no later event is shown, and at each heartbeat.
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

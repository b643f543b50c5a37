import type { Readable } from 'node:stream';

/** Calls `tick` every `everyMs` milliseconds until the returned function is called. */
export type Ticker = (everyMs: number, tick: () => void) => () => void;

export const systemTicker: Ticker = (everyMs, tick) => {
  const timer = setInterval(tick, everyMs).unref();
  return () => clearInterval(timer);
};

/**
 * Destroys an answer if no byte arrives for `idleTimeoutMs`; this may take up to twice as long. While received bytes
 * wait for the reader, nothing more is read from the connection: the reader is slow then, not the service.
 */
export function endWhenSilent(
  answer: Readable,
  options: { readonly idleTimeoutMs: number; readonly bytesCame: () => number; readonly ticker: Ticker },
): void {
  const { idleTimeoutMs, bytesCame, ticker } = options;
  let before = bytesCame();
  const stop = ticker(idleTimeoutMs, () => {
    const now = bytesCame();
    const isSilent = now === before && answer.readableLength === 0;
    before = now;
    if (!isSilent) return;
    stop();
    // This name tells the SDK that it may retry the request.
    answer.destroy(Object.assign(new Error(`no byte arrived for ${idleTimeoutMs} ms`), { name: 'TimeoutError' }));
  });
  answer.once('close', stop);
}

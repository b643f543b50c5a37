import type { Readable } from 'node:stream';

/** Calls `tick` every so many milliseconds, until what it answers is called. */
export type Ticker = (everyMs: number, tick: () => void) => () => void;

export const systemTicker: Ticker = (everyMs, tick) => {
  const timer = setInterval(tick, everyMs).unref();
  return () => clearInterval(timer);
};

/**
 * Destroys an answer of which no byte comes for `idleTimeoutMs`, twice that at most. While bytes that have come wait to be
 * taken nothing more is read from the connection: then it is the reader who is slow, not the service.
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
    // By this name the SDK knows that the request may be made again.
    answer.destroy(Object.assign(new Error(`no byte came for ${idleTimeoutMs} ms`), { name: 'TimeoutError' }));
  });
  answer.once('close', stop);
}

import { useSyncExternalStore } from 'react';
import { absoluteTime, millisecondsOf, relativeTime } from '../words/amounts.ts';
import { common } from '../words/common.ts';

/** Milliseconds between two updates of all relative times of the page. */
const tickMs = 10_000;

let nowMs = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    nowMs = Date.now();
    for (const each of listeners) each();
  }, tickMs);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function now(): number {
  // Without a listener, nobody has kept the time.
  if (listeners.size === 0) nowMs = Date.now();
  return nowMs;
}

/** The present in milliseconds since 1970. It moves on every ten seconds. */
export function useNowMs(): number {
  return useSyncExternalStore(subscribe, now);
}

/** A time of the API, as a person says it, with the exact time on hover. Null: never. */
export function Time({ at, otherwise = common.never }: { readonly at: string | null; readonly otherwise?: string }) {
  const present = useNowMs();
  if (at === null) return <span className="quiet">{otherwise}</span>;
  const atMs = millisecondsOf(at);
  return (
    <time dateTime={new Date(atMs).toISOString()} title={absoluteTime(atMs)}>
      {/* What has just happened is not in the future because the clock of the page is behind by a tick. */}
      {relativeTime(atMs, atMs > present ? Date.now() : present)}
    </time>
  );
}

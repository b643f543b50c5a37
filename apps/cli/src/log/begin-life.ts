import type { Log } from '@backup-sync/engine/log-events';

/**
 * Writes to the log when the process has started, when it begins to stop, and when it has stopped. Create it before
 * what it describes, so that it is disposed after that.
 */
export function beginLife(log: Log, version: string, signal: AbortSignal) {
  const { pid } = process;
  let startedMs: number | null = null;
  const stopping = () => log('node.stopping', 'The process begins to stop.', { pid });
  return {
    /** Call it when the process does its work. `endpoint` is null if it answers no calls. */
    started(endpoint: string | null): void {
      startedMs = performance.now();
      log('node.started', `backup-sync ${version} has started.`, { version, pid, endpoint });
      signal.addEventListener('abort', stopping, { once: true });
    },
    [Symbol.dispose](): void {
      signal.removeEventListener('abort', stopping);
      if (startedMs === null) return;
      log('node.stopped', 'The process has stopped.', { pid, duration_ms: Math.round(performance.now() - startedMs) });
    },
  };
}

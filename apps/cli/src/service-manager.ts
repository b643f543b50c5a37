import { spawn } from 'node:child_process';
import type { Log } from '@backup-sync/engine/log-events';

/** The service manager of the machine, which wants to know the state of a service. Does nothing without one. */
export type ServiceManager = {
  /** The service works. Also ends the state of {@link reloading}. */
  ready(): Promise<void>;
  /** The service reads its configuration again. */
  reloading(): Promise<void>;
  /** The service stops, which takes at most this long. Milliseconds. */
  stopping(withinMs: number): Promise<void>;
};

/** systemd-notify answers at once. A service manager that hangs must not keep the service from stopping. */
const notifyMaxMs = 5_000;

/**
 * Notifies systemd by its own program, because Node cannot send to its socket. The unit needs `NotifyAccess=all`. A
 * failure is reported, and changes nothing else.
 */
export function openServiceManager(
  { NOTIFY_SOCKET: socket, PATH: path }: Readonly<Record<string, string | undefined>>,
  log: Log,
): ServiceManager {
  const notify = async (...states: readonly string[]) => {
    if (!socket) return;
    try {
      await runNotify(states, { NOTIFY_SOCKET: socket, ...(path !== undefined && { PATH: path }) });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const text = `The service manager was not notified of ${states[0]}: ${why}. Check that systemd-notify is installed.`;
      log('service_manager.failed', text, {});
    }
  };
  return {
    ready: () => notify('READY=1'),
    // A time tells systemd which of several reloads this is.
    reloading: () => notify('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`),
    stopping: (withinMs) => notify('STOPPING=1', `EXTEND_TIMEOUT_USEC=${Math.ceil(withinMs) * 1000}`),
  };
}

function runNotify(states: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // The program gets no other variables: it needs no secrets.
  const child = spawn('systemd-notify', states, { env, stdio: 'ignore', timeout: notifyMaxMs });
  child.once('error', reject);
  child.once('exit', (code, signal) => {
    if (code === 0) resolve();
    else reject(new Error(`systemd-notify ended with ${signal ?? `exit code ${code}`}`));
  });
  return promise;
}

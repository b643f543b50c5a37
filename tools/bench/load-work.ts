import { setTimeout as pause } from 'node:timers/promises';
import type { LargeBackup } from './large-cinder-backup.ts';
import { dailyCalls } from './load-items.ts';
import type { LoadedServer } from './load-server.ts';

/** Milliseconds between two probes, from start to start. */
const probeEveryMs = 40;
/** Milliseconds between two calls of a caller on a busy day. */
const callerPauseMs = 200;

/** Work that repeats until the signal is aborted. Returns how often it was done. */
export type Work = (server: LoadedServer, signal: AbortSignal) => Promise<number>;

/** Repeats something until the signal is aborted, or as often as wanted. */
function repeat(
  act: (server: LoadedServer, signal: AbortSignal, round: number) => Promise<unknown>,
  most = Number.POSITIVE_INFINITY,
): Work {
  return async (server, signal) => {
    let rounds = 0;
    while (!signal.aborted && rounds < most) {
      await act(server, signal, rounds);
      rounds += 1;
    }
    return rounds;
  };
}

/** Reads all records in pages of 1,000. */
export const listing: Work = async (server, signal) => {
  let marker = '';
  let pages = 0;
  while (!signal.aborted) {
    const { backups } = await server.get<{ backups: { id: string }[] }>(
      `/v3/${server.projectId}/backups?limit=1000${marker === '' ? '' : `&marker=${marker}`}`,
    );
    marker = backups.at(-1)?.id ?? '';
    pages += 1;
  }
  return pages;
};

/** Scans the bucket of generated objects. */
export const scan: Work = repeat((server, signal) =>
  server.operate(`/v1/projects/${server.projectId}/scans`, { bucket_name: 'scanned' }, signal),
);

/** Replays the large backup. */
export function replayOf({ backupId }: LargeBackup): Work {
  return repeat(async (server, signal) => {
    const path = `/v1/projects/${server.projectId}/backups/${backupId}/verifications`;
    const status = await server.operate(path, { level: 'replay' }, signal);
    if (!signal.aborted && status !== 'success') throw new Error(`the replay ended ${status}`);
  });
}

/** Follows all operations, as a web console does. */
export const watch: Work = (server, signal) =>
  server.follow(`/v1/projects/${server.projectId}/operation-events`, signal);

/** Syncs the stored backups, 50 in a call, and waits until the last one of each call has ended. Stops after `most` calls. */
export function syncing(callers: number, caller: number, most?: number): Work {
  const calls = dailyCalls();
  return repeat(async (server, signal, round) => {
    const ids = await server.sync(calls[(round * callers + caller) % calls.length] ?? []);
    while (!signal.aborted) {
      const { status } = await server.operation(ids.at(-1) ?? '');
      if (status !== 'waiting' && status !== 'running') return;
      await pause(callerPauseMs);
    }
  }, most);
}

/** Reads the lists that people look at: operations, resources, operation logs. */
export const looking: Work = repeat(async (server) => {
  const { projectId } = server;
  await server.get(`/v1/projects/${projectId}/operations?limit=100`);
  await server.get(`/v3/${projectId}/operation-logs?limit=100`);
  await server.get(`/v1/projects/${projectId}/resources?limit=100`);
  await pause(callerPauseMs);
});

/** Measures calls that sync one backup: milliseconds from when each was due, so that waiting in a queue counts. */
export async function probe(server: LoadedServer, signal: AbortSignal): Promise<readonly number[]> {
  const items = dailyCalls().flat();
  const itemOf = (round: number) => items.slice((round * 7) % items.length).slice(0, 1);
  const latencies: number[] = [];
  const running = new Set<Promise<void>>();
  const startedAtMs = performance.now();
  for (let round = 0; !signal.aborted; round += 1) {
    const dueAtMs = startedAtMs + round * probeEveryMs;
    const waitMs = dueAtMs - performance.now();
    if (waitMs > 0) await pause(waitMs);
    const call = server.sync(itemOf(round)).then(() => {
      latencies.push(performance.now() - dueAtMs);
      running.delete(call);
    });
    running.add(call);
  }
  await Promise.all(running);
  return latencies;
}

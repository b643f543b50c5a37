import { rename } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { drawsOf, type Scene } from '../scene.ts';
import type { ServerWorld } from '../server-world.ts';
import { type Fault, missingNothing } from './fault.ts';

const stopsWithinMs = 10_000;
const callsAtOnce = 5;

/** The data directory is moved away under a running server, and moved back once it has stopped by itself. */
export const movedDirectory: Fault<ServerWorld> = {
  kind: 'moved',
  missing: missingNothing,
  async run(scene) {
    const { server, dataDirectory } = scene.world;
    const moved = `${dataDirectory}-moved`;
    server.isAway = true;
    await rename(dataDirectory, moved);
    const ended = new AbortController();
    const calling = callUntil(scene, ended.signal);
    const hasStopped = await server.endedWithin(stopsWithinMs);
    ended.abort();
    const calls = await calling;
    if (!hasStopped) {
      scene.report.broken('a server without its data directory stops', `it still runs after ${stopsWithinMs} ms`);
      await server.kill();
    }
    await rename(moved, dataDirectory);
    await server.start();
    return `${calls} calls meanwhile`;
  },
};

/** Checks that no call sent after the move gets a 200. Returns the number of calls. */
async function callUntil(scene: Scene<ServerWorld>, signal: AbortSignal): Promise<number> {
  const { world, report, backups, ledger } = scene;
  const draws = drawsOf(scene, 'moved');
  let made = 0;
  while (!signal.aborted) {
    const sync = async () => {
      const body = { sync: [draws.oneOf(backups).item] };
      const answer = await world.calls.call('POST', 'v3', '/backups/sync', body);
      if (answer?.status !== 200) return;
      report.broken('no 200 after the data directory was moved', `a sync got one`);
      ledger.noteSync(answer.body);
    };
    await Promise.all(Array.from({ length: callsAtOnce }, sync));
    const ready = await world.calls.send('GET', '/readyz');
    if (ready?.status === 200) report.broken('/readyz fails if the data directory is gone', 'it says 200');
    made += callsAtOnce;
    await pause(callsAtOnce);
  }
  return made;
}

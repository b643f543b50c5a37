import { setTimeout as pause } from 'node:timers/promises';
import { drawsOf, type Scene } from '../scene.ts';
import { NotStartedError } from '../server-process.ts';
import type { ServerWorld } from '../server-world.ts';
import type { Fault } from './fault.ts';

const callEveryMs = 50;
/** After this many refusals in a row, the server knows that it cannot write. */
const refusalsInARow = 10;

/**
 * The disk is full for a while. Writes get 503, reads work, and the server recovers by itself. It may be killed
 * meanwhile.
 */
export const fullDisk: Fault<ServerWorld> = {
  kind: 'full',
  missing: ({ volume }) => ('missing' in volume.room ? volume.room.missing : null),
  async run(scene) {
    const { volume, expected, server } = scene.world;
    if ('missing' in volume.room) throw new Error(volume.room.missing);
    expected.writesRefused = true;
    await volume.room.take();
    const refused = await writeWhileFull(scene);
    const isKilled = drawsOf(scene, 'kill').integer(0, 1) === 1;
    if (isKilled) await killAndTryToStart(scene);
    await volume.room.giveBack();
    if (server.isAway) await server.start();
    expected.writesRefused = false;
    return `${refused} calls refused, ${scene.outageMs / 1000} s${isKilled ? ', killed meanwhile' : ''}`;
  },
};

/** Kills the server and starts it. If the start fails, it must say that the disk is full. */
async function killAndTryToStart({ world, report }: Scene<ServerWorld>): Promise<void> {
  await world.server.kill();
  try {
    await world.server.start();
  } catch (error) {
    if (!(error instanceof NotStartedError)) throw error;
    if (!error.message.includes('CatalogueFullError')) report.broken('a start on a full disk says so', error.message);
  }
}

/** Writes until the time is over. Returns the number of refused calls. */
async function writeWhileFull(scene: Scene<ServerWorld>): Promise<number> {
  const { world, report, ledger, backups, outageMs } = scene;
  const draws = drawsOf(scene, 'full');
  const deadlineMs = performance.now() + outageMs;
  let refused = 0;
  let inARow = 0;
  while (performance.now() < deadlineMs) {
    const body = { sync: [draws.oneOf(backups).item] };
    const answer = await world.calls.call('POST', 'v3', '/backups/sync', body);
    if (answer?.status === 200) ledger.noteSync(answer.body);
    inARow = answer?.status === 503 ? inARow + 1 : 0;
    if (inARow > 0) refused += 1;
    if (inARow === refusalsInARow) {
      const ready = await world.calls.send('GET', '/readyz');
      if (ready?.status === 200) report.broken('/readyz fails if the catalogue cannot be written', 'it says 200');
    }
    await pause(callEveryMs);
  }
  return refused;
}

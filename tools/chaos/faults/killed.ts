import { setTimeout as pause } from 'node:timers/promises';
import { drawsOf } from '../scene.ts';
import type { ServerWorld } from '../server-world.ts';
import { type Fault, missingNothing } from './fault.ts';

/** The process is killed while it works, once or more, and started again. */
export const killed: Fault<ServerWorld> = {
  kind: 'kill',
  missing: missingNothing,
  async run(scene) {
    const { server } = scene.world;
    const draws = drawsOf(scene, 'kill');
    const kills = draws.integer(1, 2);
    for (let each = 1; each <= kills; each += 1) {
      await pause(draws.integer(0, 500));
      await server.kill();
      await server.start();
    }
    const refusal = await server.startSecond();
    if (refusal === null || !refusal.includes('is in use')) {
      scene.report.broken('a second server on the same directory does not start', refusal ?? 'it listens');
    }
    return kills === 1 ? 'once' : `${kills} times`;
  },
};

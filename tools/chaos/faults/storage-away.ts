import { setTimeout as pause } from 'node:timers/promises';
import { drawsOf } from '../scene.ts';
import { awayWays } from '../storage-gate.ts';
import { type Fault, missingNothing } from './fault.ts';

/**
 * All storage is away for a while, and a server may be killed meanwhile. Accepted work must still succeed by itself.
 */
export const storageAway: Fault = {
  kind: 'storage',
  missing: missingNothing,
  async run(scene) {
    const { world, report, outageMs } = scene;
    const draws = drawsOf(scene, 'storage');
    const way = draws.oneOf(awayWays);
    const isKilled = draws.integer(0, 1) === 1;
    await world.gate.takeAway(way);
    await pause(outageMs / 2);
    if (isKilled) {
      await world.killOne(draws);
    }
    await pause(outageMs / 2);
    const ready = await world.calls.send('GET', '/readyz');
    if (ready?.status !== 200) report.broken('a server without storage is ready', `${ready?.status}`);
    await world.gate.giveBack();
    return `${way}, ${outageMs / 1000} s${isKilled ? ', killed meanwhile' : ''}`;
  },
};

import { setTimeout as pause } from 'node:timers/promises';
import { type Fault, missingNothing } from '../../faults/fault.ts';
import { drawsOf } from '../../scene.ts';
import type { ClusterWorld } from '../cluster-world.ts';

/** Nodes of any kind are killed while they work, and started again. */
export const killedNode: Fault<ClusterWorld> = {
  kind: 'node',
  missing: missingNothing,
  async run(scene) {
    const draws = drawsOf(scene, 'node');
    const killed: string[] = [];
    for (let left = draws.integer(1, 3); left > 0; left -= 1) {
      await pause(draws.integer(0, 500));
      const { name, process } = draws.oneOf(scene.world.cluster.nodes);
      await process.kill();
      await pause(draws.integer(0, 1000));
      await process.start();
      killed.push(name);
    }
    return killed.join(', ');
  },
};

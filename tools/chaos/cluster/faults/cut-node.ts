import { setTimeout as pause } from 'node:timers/promises';
import { type Fault, missingNothing } from '../../faults/fault.ts';
import { drawsOf } from '../../scene.ts';
import type { ClusterWorld } from '../cluster-world.ts';
import { cutWays } from '../database-gate.ts';

/** Longer than the lease of a node. */
const longMs = 22_000;

/** The connections of one node to the database are cut for a while, at times for longer than its lease. */
export const cutNode: Fault<ClusterWorld> = {
  kind: 'cut',
  missing: missingNothing,
  async run(scene) {
    const draws = drawsOf(scene, 'cut');
    const { name, gate } = draws.oneOf(scene.world.cluster.nodes);
    const way = draws.oneOf(cutWays);
    const lastsMs = draws.integer(1, 4) === 1 ? longMs : scene.outageMs;
    gate.cut(way);
    await pause(lastsMs);
    gate.mend();
    return `${name}, ${way}, ${lastsMs / 1000} s`;
  },
};

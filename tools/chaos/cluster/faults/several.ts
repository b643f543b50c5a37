import { setTimeout as pause } from 'node:timers/promises';
import { type Fault, missingNothing } from '../../faults/fault.ts';
import { drawsOf } from '../../scene.ts';
import type { ClusterNode } from '../cluster-node.ts';
import type { ClusterWorld } from '../cluster-world.ts';
import { cutWays } from '../database-gate.ts';
import { killDatabase } from './killed-database.ts';
import { pauseNode } from './paused-node.ts';

const cutMs = 1500;
const databaseAwayMs = 500;

/** While one worker is paused, the other worker, an API node and the database are killed, and a node is cut off. */
export const several: Fault<ClusterWorld> = {
  kind: 'several',
  missing: missingNothing,
  async run(scene) {
    const { servers, workers } = scene.world.cluster;
    const draws = drawsOf(scene, 'several');
    const [paused, other] = draws.shuffled(workers);
    const server = draws.oneOf(servers);
    if (paused === undefined || other === undefined) throw new Error('a cluster has two workers');
    const way = draws.oneOf(cutWays);
    const detail = await pauseNode(scene, paused, async () => {
      await Promise.all([restart(other), restart(server)]);
      const cut = draws.oneOf([other, server]);
      cut.gate.cut(way);
      await pause(cutMs);
      cut.gate.mend();
      await killDatabase(scene, databaseAwayMs);
    });
    return `${detail}; ${other.name}, ${server.name} and the database killed`;
  },
};

async function restart({ process }: ClusterNode): Promise<void> {
  await process.kill();
  await process.start();
}

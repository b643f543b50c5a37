import { setTimeout as pause } from 'node:timers/promises';
import { type Fault, missingNothing } from '../../faults/fault.ts';
import { drawsOf, type Scene } from '../../scene.ts';
import type { ClusterWorld } from '../cluster-world.ts';

/** The database is killed and started again after a while. Nodes go on by themselves. */
export const killedDatabase: Fault<ClusterWorld> = {
  kind: 'database',
  missing: missingNothing,
  async run(scene) {
    const draws = drawsOf(scene, 'database');
    const kills = draws.integer(1, 2);
    for (let each = 1; each <= kills; each += 1) {
      await pause(draws.integer(0, 1000));
      await killDatabase(scene, draws.integer(0, scene.outageMs));
    }
    return kills === 1 ? 'once' : `${kills} times`;
  },
};

/** Kills the database for this time. Meanwhile, every server must refuse calls in the documented form. */
export async function killDatabase({ world, report }: Scene<ClusterWorld>, milliseconds: number): Promise<void> {
  const { database, servers } = world.cluster;
  await database.kill();
  const refused = servers
    .filter(({ process }) => !process.isAway)
    .map(async (node) => {
      const answer = await world.calls.send('GET', '/readyz', {}, undefined, node);
      if (database.isAway && answer?.status === 200) {
        report.broken('/readyz fails if the database is away', `${node.name} says 200`);
      }
    });
  await pause(milliseconds);
  await Promise.all(refused);
  await database.start();
}

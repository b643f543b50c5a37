import { setTimeout as pause } from 'node:timers/promises';
import { type Fault, missingNothing } from '../../faults/fault.ts';
import { shown } from '../../report.ts';
import { drawsOf } from '../../scene.ts';
import type { ClusterWorld } from '../cluster-world.ts';

/** Workers are stopped with SIGTERM under load, one after the other. A stopped worker leaves no work behind. */
export const drainedWorker: Fault<ClusterWorld> = {
  kind: 'drain',
  missing: missingNothing,
  async run(scene) {
    const { world, report } = scene;
    const draws = drawsOf(scene, 'drain');
    const workers = draws.shuffled(world.cluster.workers).slice(0, draws.integer(1, 2));
    for (const { name, process } of workers) {
      await pause(draws.integer(0, 500));
      const nodeId = await world.catalogue.nodeOf(process.pid);
      const code = await process.stop();
      if (code !== 0) report.broken('a stopped worker exits 0', `${name} ended with ${code}`);
      if (nodeId !== null && (await world.catalogue.isRegistered(nodeId))) {
        report.broken('a stopped worker is no node any more', name);
      }
      const left = nodeId === null ? [] : await world.catalogue.leasesOf(nodeId);
      if (left.length > 0) report.broken('a stopped worker leaves no work behind', `${name}: ${shown(left)}`);
      await process.start();
    }
    return workers.map(({ name }) => name).join(', ');
  },
};

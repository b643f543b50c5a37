import { setTimeout as pause } from 'node:timers/promises';
import { type Fault, missingNothing } from '../../faults/fault.ts';
import { shown } from '../../report.ts';
import { drawsOf, type Scene } from '../../scene.ts';
import type { ClusterNode } from '../cluster-node.ts';
import type { ClusterWorld } from '../cluster-world.ts';

const lookEveryMs = 100;
const worksWithinMs = 5000;
const takenOverWithinMs = 30_000;
/** Time that others work before the paused node comes back. */
const othersWorkMs = 2000;

/** A node is paused with SIGSTOP until others have taken over its work, and comes back. */
export const pausedNode: Fault<ClusterWorld> = {
  kind: 'pause',
  missing: missingNothing,
  async run(scene) {
    const { servers, workers } = scene.world.cluster;
    const draws = drawsOf(scene, 'pause');
    const node = draws.oneOf([...workers, ...workers, ...workers, ...servers]);
    return await pauseNode(scene, node, async () => {});
  },
};

/**
 * Pauses a node until others have taken over its work. What it still does when it comes back changes no operation that
 * others have ended. Returns what happened.
 */
export async function pauseNode(
  scene: Scene<ClusterWorld>,
  node: ClusterNode,
  /** Done before the node comes back. */
  meanwhile: () => Promise<void>,
): Promise<string> {
  const { world, report } = scene;
  const { catalogue, gate } = world;
  const nodeId = await catalogue.nodeOf(node.process.pid);
  if (nodeId === null) {
    report.broken('a node is registered', node.name);
    return `${node.name} is not registered`;
  }
  const isWorker = world.cluster.workers.includes(node);
  // Storage hangs, so that the node is surely in the middle of its work.
  if (isWorker) {
    await gate.takeAway('hang');
    await leasesWithin(scene, nodeId);
  }
  const leases = await catalogue.leasesOf(nodeId);
  node.process.pause();
  const pausedAtMs = performance.now();
  try {
    if (isWorker) await gate.giveBack();
    await meanwhile();
    while (await catalogue.isRegistered(nodeId)) {
      if (performance.now() - pausedAtMs > takenOverWithinMs) {
        report.broken('a silent node is noticed within 30 s', node.name);
        break;
      }
      await pause(lookEveryMs);
    }
    const seconds = ((performance.now() - pausedAtMs) / 1000).toFixed(1);
    await pause(othersWorkMs);
    const changed = await catalogue.changedEnds();
    if (changed.length > 0) report.broken('an ended operation does not change', shown(changed));
    return `${node.name} with ${leases.length} operations, taken over after ${seconds} s`;
  } finally {
    node.process.resume();
  }
}

async function leasesWithin({ world }: Scene<ClusterWorld>, nodeId: string): Promise<void> {
  const deadlineMs = performance.now() + worksWithinMs;
  while (performance.now() < deadlineMs && (await world.catalogue.leasesOf(nodeId)).length === 0) {
    await pause(lookEveryMs);
  }
}

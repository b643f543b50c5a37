import type { Fault } from '../../faults/fault.ts';
import { hangingBucket } from '../../faults/hanging-bucket.ts';
import { storageAway } from '../../faults/storage-away.ts';
import type { ClusterWorld } from '../cluster-world.ts';
import { cutNode } from './cut-node.ts';
import { drainedWorker } from './drained-worker.ts';
import { killedDatabase } from './killed-database.ts';
import { killedNode } from './killed-node.ts';
import { pausedNode } from './paused-node.ts';
import { several } from './several.ts';

/** Every fault that a round of a cluster can draw. Add new ones here. */
export const allClusterFaults: readonly Fault<ClusterWorld>[] = [
  killedNode,
  killedDatabase,
  pausedNode,
  cutNode,
  drainedWorker,
  several,
  storageAway,
  hangingBucket,
];

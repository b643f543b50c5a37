import type { ServerWorld } from '../server-world.ts';
import type { Fault } from './fault.ts';
import { fullDisk } from './full-disk.ts';
import { hangingBucket } from './hanging-bucket.ts';
import { killed } from './killed.ts';
import { movedDirectory } from './moved-directory.ts';
import { steppedClock } from './stepped-clock.ts';
import { stopped } from './stopped.ts';
import { storageAway } from './storage-away.ts';

/** Every fault that a round of one server can draw. Add new ones here. */
export const allFaults: readonly Fault<ServerWorld>[] = [
  killed,
  stopped,
  steppedClock,
  storageAway,
  hangingBucket,
  fullDisk,
  movedDirectory,
];

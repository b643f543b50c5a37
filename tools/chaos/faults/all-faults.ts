import type { Fault } from './fault.ts';
import { fullDisk } from './full-disk.ts';
import { hangingBucket } from './hanging-bucket.ts';
import { killed } from './killed.ts';
import { movedDirectory } from './moved-directory.ts';
import { steppedClock } from './stepped-clock.ts';
import { stopped } from './stopped.ts';
import { storageAway } from './storage-away.ts';

/** Every fault that a round can draw. Add new ones here. */
export const allFaults: readonly Fault[] = [
  killed,
  stopped,
  steppedClock,
  storageAway,
  hangingBucket,
  fullDisk,
  movedDirectory,
];

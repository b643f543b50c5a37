import { availableParallelism } from 'node:os';

/** Minimum number of small chains that are worked on at the same time: they mostly wait for storage. */
const smallChainsMin = 32;

/** Number of jobs that may hold much memory at the same time. */
export const largeJobsAtOnce = 2 * availableParallelism();

/** Number of places that a job takes once it has read so much that it may hold much memory. */
export const placesOfLargeJob = Math.ceil(smallChainsMin / largeJobsAtOnce);

/** Number of chains that are worked on at the same time, if they are small. */
export const chainsAtOnce = largeJobsAtOnce * placesOfLargeJob;

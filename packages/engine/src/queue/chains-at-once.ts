import { availableParallelism } from 'node:os';

/**
 * Number of chains that are worked on at the same time. It exceeds the number of cores, since imports mostly wait for
 * storage.
 */
export const chainsAtOnce = 2 * availableParallelism();

import { availableParallelism } from 'node:os';

/** How many chains are worked on at the same time. More than there are cores: imports mostly wait for storage. */
export const chainsAtOnce = 2 * availableParallelism();

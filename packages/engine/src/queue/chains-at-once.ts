import { availableParallelism } from 'node:os';

/** How many chains are worked on side by side: imports wait for storage more than they compute. */
export const chainsAtOnce = 2 * availableParallelism();

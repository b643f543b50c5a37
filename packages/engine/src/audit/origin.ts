import type { Door } from '@backup-sync/contracts';

/** Where a call came from. */
export type Origin = {
  readonly door: Door;
  /** The network address of the caller. Null if it did not come over a network. */
  readonly address: string | null;
};

/** The origin of calls by a program that runs the engine in its own process. */
export const ownProcess: Origin = { door: 'engine', address: null };

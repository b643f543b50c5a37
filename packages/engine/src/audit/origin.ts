import type { Door } from '@backup-sync/contracts';

/** Where a call came from. */
export type Origin = {
  readonly door: Door;
  /** Of the caller, where it came over a network. */
  readonly address: string | null;
};

/** A program that has the engine in its own process. */
export const ownProcess: Origin = { door: 'engine', address: null };

import type { KnownBackup } from './backups.ts';
import { Draws } from './draws.ts';
import type { Ledger } from './ledger.ts';
import type { Report } from './report.ts';
import type { World } from './world.ts';

/** Data that the clients and the fault of a round share. */
export type Scene<Here extends World = World> = {
  readonly world: Here;
  readonly seed: string;
  /** Duration of the fault. */
  readonly outageMs: number;
  readonly ledger: Ledger;
  readonly report: Report;
  /** Backups of this round that every client may sync, any number of times. */
  readonly backups: readonly KnownBackup[];
  /** Aborted when the fault is over: clients send what is left, and nothing more. */
  readonly healed: AbortSignal;
};

/** Returns the draws of one part of a round. */
export function drawsOf(scene: Scene, part: string): Draws {
  return new Draws(`${scene.seed}/${part}`);
}

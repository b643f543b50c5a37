import type { KnownBackup } from './backups.ts';
import { Draws } from './draws.ts';
import type { Ledger } from './ledger.ts';
import type { Report } from './report.ts';
import type { World } from './world.ts';

/** One round: what its clients and its fault share. */
export type Scene = {
  readonly world: World;
  readonly seed: string;
  /** How long storage is away, and other faults last. */
  readonly outageMs: number;
  readonly ledger: Ledger;
  readonly report: Report;
  /** Backups of this round that anyone may sync, as often as they like. */
  readonly backups: readonly KnownBackup[];
  /** Aborted when the fault is over: clients send what is left, and nothing more. */
  readonly healed: AbortSignal;
};

/** The draws of one part of a round. */
export function drawsOf(scene: Scene, part: string): Draws {
  return new Draws(`${scene.seed}/${part}`);
}

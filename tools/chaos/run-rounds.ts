import { Draws } from './draws.ts';
import type { Fault } from './faults/fault.ts';
import { runRound } from './round.ts';
import type { World } from './world.ts';

export type RunOptions<Here extends World> = {
  readonly openWorld: () => Promise<Here>;
  readonly seed: number;
  /** The first round, counted from 1. The draws of a round do not depend on the rounds before it. */
  readonly from: number;
  readonly rounds: number;
  readonly outageMs: number;
  /** The faults to draw from. */
  readonly faults: readonly Fault<Here>[];
  /** Copies the catalogue of a failed round to the temporary directory. */
  readonly keep: boolean;
  /** Ends the run after the current round. */
  readonly signal: AbortSignal;
  readonly print: (line: string) => void;
};

export type RunCounts = { rounds: number; failed: number; skipped: number };

/** The result of a round: its line, and the broken promises. */
type Told = { readonly line: string; readonly broken: readonly string[] };

const logLinesShown = 20;

/**
 * Runs rounds one after the other on one catalogue, so that each continues with what the others left. A failed
 * round is printed with its evidence, and the next one begins with a new catalogue.
 */
export async function runRounds<Here extends World>(options: RunOptions<Here>): Promise<RunCounts> {
  const { seed, from, rounds, faults, signal, print } = options;
  const counts: RunCounts = { rounds: 0, failed: 0, skipped: 0 };
  let world: Here | null = null;
  try {
    for (let round = from; round < from + rounds && !signal.aborted; round += 1) {
      const fault = new Draws(`${seed}-${round}/fault`).oneOf(faults);
      world ??= await options.openWorld();
      const head = `round ${round}, seed ${seed}, ${fault.kind}`;
      const missing = fault.missing(world);
      if (missing !== null) {
        counts.skipped += 1;
        print(`${head}: skipped, ${missing}`);
        continue;
      }
      const startedAtMs = performance.now();
      const { line, broken } = await toldRound(world, `${seed}-${round}`, fault, options);
      const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
      counts.rounds += 1;
      print(`${head}: ${line}, ${seconds} s, ${broken.length === 0 ? 'ok' : 'FAILED'}`);
      if (broken.length === 0) continue;
      counts.failed += 1;
      for (const each of broken) print(`  ${each}`);
      for (const each of world.service.logTail().slice(-logLinesShown)) print(`  server: ${each}`);
      if (options.keep) print(`  kept: ${await world.keep()}`);
      const failed: Here = world;
      world = null;
      await failed[Symbol.asyncDispose]();
    }
  } finally {
    await world?.[Symbol.asyncDispose]();
  }
  return counts;
}

async function toldRound<Here extends World>(
  world: Here,
  seed: string,
  fault: Fault<Here>,
  { outageMs }: RunOptions<Here>,
): Promise<Told> {
  try {
    const { detail, accepted, records, events, resumed, looks, report } = await runRound(world, {
      seed,
      fault,
      outageMs,
    });
    const line = `${detail}; ${accepted} accepted, ${records} records, ${events} events, ${resumed} resumed, ${looks} looks`;
    return { line, broken: report.lines() };
  } catch (error) {
    return { line: 'it threw', broken: [error instanceof Error ? (error.stack ?? error.message) : String(error)] };
  }
}

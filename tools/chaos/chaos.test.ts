import { expect, type TestContext, test } from 'vitest';
import { openClusterWorld } from './cluster/cluster-world.ts';
import { several } from './cluster/faults/several.ts';
import { allFaults } from './faults/all-faults.ts';
import type { Fault } from './faults/fault.ts';
import { runRound } from './round.ts';
import { openServerWorld, type ServerWorld } from './server-world.ts';
import type { World } from './world.ts';

// Two servers and a cluster, each with its own faults. They run at the same time, since all mostly wait.
const waits = ['storage', 'hang', 'full'];
const starts = ['kill', 'stop', 'clock', 'moved'];
const timeout = 300_000;

async function runFaults<Here extends World>(
  openWorld: () => Promise<Here>,
  faults: readonly Fault<Here>[],
  { annotate }: TestContext,
): Promise<void> {
  await using world = await openWorld();
  for (const fault of faults) {
    const missing = fault.missing(world);
    if (missing !== null) {
      await annotate(`${fault.kind} is skipped: ${missing}`);
      continue;
    }
    const seed = `${fault.kind}-8`;
    const { detail, accepted, looks, report } = await runRound(world, { seed, fault, outageMs: 5000 });
    expect([detail, ...report.lines()], fault.kind).toEqual([detail]);
    expect(accepted).toBeGreaterThan(20);
    expect(looks).toBeGreaterThan(0);
  }
}

function ofServer(kinds: readonly string[]): readonly Fault<ServerWorld>[] {
  return allFaults.filter(({ kind }) => kinds.includes(kind));
}

test.concurrent(
  'no promise is broken when storage is away, a bucket hangs or the disk is full',
  { timeout },
  (context) => runFaults(openServerWorld, ofServer(waits), context),
);

test.concurrent(
  'no promise is broken by a kill, a stop, a changed clock or a moved data directory',
  {
    timeout,
  },
  (context) => runFaults(openServerWorld, ofServer(starts), context),
);

test.concurrent(
  'no promise is broken when nodes of a cluster are killed, cut off and paused, and their database is killed',
  { timeout },
  (context) => runFaults(openClusterWorld, [several], context),
);

test('the short run has every fault of one server', () => {
  expect([...waits, ...starts].toSorted()).toEqual(allFaults.map(({ kind }) => kind).toSorted());
});

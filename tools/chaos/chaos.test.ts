import { expect, type TestContext, test } from 'vitest';
import { allFaults } from './faults/all-faults.ts';
import { runRound } from './round.ts';
import { openWorld } from './world.ts';

// Two servers, each with its own faults. They run at the same time, since both mostly wait.
const waits = ['storage', 'hang', 'full'];
const starts = ['kill', 'stop', 'clock', 'moved'];
const timeout = 300_000;

async function runFaults(kinds: readonly string[], { annotate }: TestContext): Promise<void> {
  await using world = await openWorld();
  for (const fault of allFaults.filter(({ kind }) => kinds.includes(kind))) {
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

test.concurrent(
  'no promise is broken when storage is away, a bucket hangs or the disk is full',
  { timeout },
  (context) => runFaults(waits, context),
);

test.concurrent(
  'no promise is broken by a kill, a stop, a changed clock or a moved data directory',
  {
    timeout,
  },
  (context) => runFaults(starts, context),
);

test('the short run has every fault', () => {
  expect([...waits, ...starts].toSorted()).toEqual(allFaults.map(({ kind }) => kind).toSorted());
});

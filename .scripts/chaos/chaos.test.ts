import { expect, test } from 'vitest';
import { allFaults } from './faults/all-faults.ts';
import { runRound } from './round.ts';
import { openWorld } from './world.ts';

/** Each half is a server that lives through its faults; the two go on side by side, since both mostly wait. */
const halves = [
  ['storage', 'hang', 'full'],
  ['kill', 'stop', 'clock', 'moved'],
].map((kinds) => allFaults.filter(({ kind }) => kinds.includes(kind)));

for (const faults of halves) {
  test.concurrent(`no promise is broken by ${faults.map(({ kind }) => kind).join(', ')}`, { timeout: 300_000 }, async ({
    annotate,
  }) => {
    await using world = await openWorld();
    for (const fault of faults) {
      const missing = fault.missing(world);
      if (missing !== null) {
        await annotate(`${fault.kind} is skipped: ${missing}`);
        continue;
      }
      const { detail, accepted, looks, report } = await runRound(world, {
        seed: `${fault.kind}-8`,
        fault,
        outageMs: 5000,
      });
      expect([detail, ...report.lines()], fault.kind).toEqual([detail]);
      expect(accepted).toBeGreaterThan(20);
      expect(looks).toBeGreaterThan(0);
    }
  });
}

test('every fault is in the short run', () => {
  expect(halves.flat().length).toBe(allFaults.length);
});

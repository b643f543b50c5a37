import { expect, test } from 'vitest';
import { type Fault, missingNothing } from './faults/fault.ts';
import { runRounds } from './run-rounds.ts';
import { openServerWorld, type ServerWorld } from './server-world.ts';

async function runOnce(run: Fault<ServerWorld>['run']) {
  const lines: string[] = [];
  const fault: Fault<ServerWorld> = { kind: 'generated', missing: missingNothing, run };
  const counts = await runRounds({
    openWorld: openServerWorld,
    seed: 1,
    from: 3,
    rounds: 1,
    outageMs: 1000,
    faults: [fault],
    keep: false,
    signal: new AbortController().signal,
    print: (line) => lines.push(line),
  });
  return { counts, text: lines.join('\n') };
}

test('a lost record fails its round, with the record as evidence', async () => {
  let lost = '';
  const { counts, text } = await runOnce(async ({ world, backups }) => {
    lost = backups[0]?.item.backup_id ?? '';
    // The harness does not know of this deletion.
    await world.calls.untilTaken('DELETE', 'v3', `/backups/${lost}`);
    return 'one record is deleted';
  });
  expect(counts).toEqual({ rounds: 1, failed: 1, skipped: 0 });
  expect(text).toMatch(/^round 3, seed 1, generated: one record is deleted; \d+ accepted, .* s, FAILED$/m);
  expect(text).toContain(`no record is lost: ${lost} has none`);
});

test('a fault that cannot be healed fails its round and ends it', async () => {
  const { counts, text } = await runOnce(async ({ world }) => {
    await world.server.kill();
    throw new Error('the server does not start any more');
  });
  expect(counts.failed).toBe(1);
  expect(text).toMatch(/generated: it threw, .* s, FAILED\n {2}Error: the server does not start any more/);
});

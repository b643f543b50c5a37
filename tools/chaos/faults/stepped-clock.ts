import { setTimeout as pause } from 'node:timers/promises';
import { showSourceAnswer } from '../../../packages/contracts/src/index.ts';
import { drawsOf, type Scene } from '../scene.ts';
import type { ServerWorld } from '../server-world.ts';
import { type Fault, missingNothing } from './fault.ts';
import { localToken } from './stopped.ts';

const hourMs = 60 * 60 * 1000;
const dayMs = 24 * hourMs;
const steps = [
  ['1 h back', -hourMs],
  ['25 h forward', 25 * hourMs],
  ['90 days back', -90 * dayMs],
  ['90 days forward', 90 * dayMs],
] as const;
/** Time within which the local token is renewed, and sources are planned again. */
const noticedWithinMs = 10_000;
const lookEveryMs = 100;
/** Time between a step and the look at its effect. */
const lastsMs = 2000;

/**
 * The wall clock is set, and set right again after a while. The server may be killed in between. Nobody is locked out.
 */
export const steppedClock: Fault<ServerWorld> = {
  kind: 'clock',
  missing: missingNothing,
  async run(scene) {
    const { world, report, outageMs } = scene;
    const draws = drawsOf(scene, 'clock');
    const [name, offsetMs] = draws.oneOf(steps);
    const isKilled = draws.integer(0, 1) === 1;
    const throttledBefore = world.calls.statuses.get(429) ?? 0;
    world.expected.tokensEnd = true;
    for (const stepMs of [offsetMs, 0]) {
      const said = stepMs === 0 ? `after ${name} was set right` : `after ${name}`;
      world.server.setClockOffset(stepMs);
      await pause(Math.min(outageMs, lastsMs));
      if (isKilled && stepMs !== 0) {
        await world.server.kill();
        await world.server.start();
      }
      await awaitLocalToken(scene, said);
      await awaitPlans(scene, said);
    }
    const throttled = (world.calls.statuses.get(429) ?? 0) - throttledBefore;
    if (throttled > 0) report.broken('a changed clock throttles nobody', `${name}: ${throttled} calls got 429`);
    return isKilled ? `${name}, killed meanwhile` : name;
  },
};

/** Checks that commands on this machine can authenticate. */
async function awaitLocalToken({ world, report }: Scene<ServerWorld>, said: string): Promise<void> {
  const isKept = await becomesTrue(async () => {
    const headers = { 'X-Auth-Token': await localToken(world) };
    const answer = await world.calls.send('GET', `/v3/${world.server.projectId}/operation-logs?limit=1`, headers);
    return answer?.status === 200;
  });
  if (!isKept) report.broken('a changed clock does not end the local token', said);
}

/** Checks that each source runs again within its interval. */
async function awaitPlans({ world, report }: Scene<ServerWorld>, said: string): Promise<void> {
  for (const id of world.sources.values()) {
    let shown = '';
    const isPlanned = await becomesTrue(async () => {
      const answer = await world.calls.call('GET', 'v1', `/sources/${id}`);
      const source = showSourceAnswer.safeParse(answer?.body).data?.source;
      if (source === undefined || source.next_run_at === null || source.interval_s === null) return false;
      shown = `${said}: ${source.name} runs next at ${source.next_run_at}, it is ${new Date(world.server.nowMs()).toISOString()}`;
      return Date.parse(`${source.next_run_at}Z`) <= world.server.nowMs() + source.interval_s * 1000;
    });
    if (!isPlanned) report.broken('a source runs within its interval whatever the clock does', shown);
  }
}

async function becomesTrue(look: () => Promise<boolean>): Promise<boolean> {
  const deadlineMs = performance.now() + noticedWithinMs;
  while (!(await look())) {
    if (performance.now() > deadlineMs) return false;
    await pause(lookEveryMs);
  }
  return true;
}

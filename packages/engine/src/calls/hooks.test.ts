import { expect, test } from 'vitest';
import { TestClock } from '../testing/test-clock.ts';
import { openTestEngine } from '../testing/test-engine.ts';

const hourMs = 60 * 60 * 1000;

test('a second rotation leaves the secret that receivers know in use for the rest of its day', async () => {
  const clock = new TestClock(Date.UTC(2026, 0, 1));
  await using world = await openTestEngine(clock);
  const { engine, projectId } = world;
  const caller = { kind: 'system', name: 'root', projectId, role: 'administrator' } as const;
  const context = () => ({ caller, requestId: engine.newId() });
  const added = { project_id: projectId, url: 'https://alerts.example.com/hook', name: 'pager' };
  const { hook } = await engine.call('addHook', context(), added);
  const rotate = async () => {
    const rotated = await engine.call('rotateHookSecret', context(), { project_id: projectId, hook_id: hook.id });
    return Date.parse(`${rotated.hook.previous_secret_until}Z`);
  };
  const firstUntilMs = await rotate();
  clock.timeMs += hourMs;
  expect(await rotate()).toBe(firstUntilMs);
  clock.timeMs += 24 * hourMs;
  expect(await rotate()).toBe(firstUntilMs + 25 * hourMs);
});

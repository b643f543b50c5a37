import { v7 as newId } from 'uuid';
import { makeHook, makeSighting } from '../../catalogue/hook-conformance.ts';
import { type PairScenario, scenario } from './pair-scenario.ts';
import { hookMessages, type PairWorld } from './pair-world.ts';

/** Returns at least one scenario for each step that writes hooks or their events. */
export function hookScenarios({ projectId, hookId }: PairWorld): readonly PairScenario[] {
  const named = { name: 'new' };
  const note = (what: string, ...sightings: ReturnType<typeof makeSighting>[]) =>
    scenario('noteProblems', what, { hookId, sightings, cursors: null, forgetBeforeMs: 100 });
  const follow = (what: string, to: number) =>
    scenario('noteProblems', what, { hookId, sightings: [], cursors: { from: 0, to }, forgetBeforeMs: null });
  const result = { atMs: 7_000, isDelivered: false, answer: 'answered 500' };
  const end = { hookId, kind: 'source.held', subject: '["source","sent"]', messageId: hookMessages.sent } as const;
  return [
    scenario('addHook', 'first', makeHook(projectId, newId(), named)),
    scenario('addHook', 'second', makeHook(projectId, newId(), named)),
    scenario('changeHook', 'pauses', projectId, hookId, { pausedAtMs: 7_000 }),
    scenario('changeHook', 'resumes', projectId, hookId, { pausedAtMs: null }),
    scenario('removeHook', '', projectId, hookId),
    scenario('resendHookEvents', 'all', projectId, hookId, null),
    scenario('resendHookEvents', 'one', projectId, hookId, hookMessages.sent),
    note('begins and ends', makeSighting('new', true, 7_000), makeSighting('sent', false, 7_001)),
    note('ends and begins', makeSighting('sent', false, 7_002), makeSighting('new', true, 7_003)),
    follow('a page', 3),
    follow('another page', 4),
    scenario('claimHookEvents', 'first', hookId, 1, 7_100),
    scenario('claimHookEvents', 'second', hookId, 2, 7_100),
    scenario('endHookTry', 'will be tried again', { ...end, result, notBeforeMs: 9_000, isGone: false }),
    scenario('endHookTry', 'given up', { ...end, result, notBeforeMs: null, isGone: false }),
    scenario('endHookTry', 'gone', { ...end, result, notBeforeMs: null, isGone: true }),
  ];
}

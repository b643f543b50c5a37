import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RefusedError, UnreachableError } from '../../api/failure.ts';
import { untilItPasses } from './until-it-passes.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function refusal(httpStatus: number, message: string): RefusedError {
  const body = { error_code: 'BackupSync.1', error_msg: message, request_id: 'r', remedy: 'Wait.' };
  return new RefusedError(body as RefusedError['body'], httpStatus);
}

test('a call is made again until the server has room, and says what it waits for', async () => {
  const outcomes = [refusal(429, 'the backlog is full'), new UnreachableError('no answer'), 'accepted'];
  const told: (string | null)[] = [];
  const call = async () => {
    const outcome = outcomes.shift();
    if (typeof outcome !== 'string') throw outcome;
    return outcome;
  };
  const answer = untilItPasses(call, (waitsFor) => told.push(waitsFor), new AbortController().signal);
  await vi.runAllTimersAsync();
  expect(await answer).toBe('accepted');
  expect(told).toEqual(['the backlog is full', 'The server does not answer.', null]);
});

test('a refusal that stays is thrown at once', async () => {
  const refused = refusal(401, 'the session has ended');
  const answer = untilItPasses(
    () => Promise.reject(refused),
    () => expect.fail('it waited'),
    new AbortController().signal,
  );
  await expect(answer).rejects.toBe(refused);
});

test.each(['before the pause', 'in the pause'])('a stop %s ends the wait', async (when) => {
  const stopping = new AbortController();
  const stop = () => (when === 'in the pause' ? queueMicrotask(() => stopping.abort()) : stopping.abort());
  const call = () => Promise.reject(refusal(503, 'starting'));
  const answer = untilItPasses(call, stop, stopping.signal);
  await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
});

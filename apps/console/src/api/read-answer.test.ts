import { expect, test } from 'vitest';
import { failureOf, RefusedError, UnreachableError } from './failure.ts';
import { readAnswer } from './read-answer.ts';

const page = '<html><body>Bad Gateway</body></html>';

test.each([
  [502, page],
  [200, page],
  [404, '{"message":"no such service"}'],
  [503, 'null'],
  [500, ''],
])('an answer %i of a proxy counts as no answer: %s', async (status, text) => {
  const thrown = await readAnswer(new Response(text, { status })).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(UnreachableError);
  expect(failureOf(thrown).passes).toBe(true);
});

test('a refusal has the message and the remedy of the server', async () => {
  const body = { error_code: 'BackupSync.1006', error_msg: 'not allowed', request_id: 'id', remedy: 'ask somebody' };
  const thrown = await readAnswer(Response.json(body, { status: 403 })).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(RefusedError);
  expect(failureOf(thrown)).toMatchObject({ message: 'not allowed', remedy: 'ask somebody', requestId: 'id' });
});

test('an answer is what the server sent, or nothing', async () => {
  expect(await readAnswer(Response.json({ session: 1 }))).toEqual({ session: 1 });
  expect(await readAnswer(new Response(null, { status: 204 }))).toBe(undefined);
});

import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { endWhenSilent, type Ticker } from './silent-answer.ts';

/** An answer for which time passes when `tick` is called. */
function openAnswer() {
  const answer = new PassThrough();
  let came = 0;
  let tick: (() => void) | null = null;
  const ticker: Ticker = (everyMs, call) => {
    expect(everyMs).toBe(60_000);
    tick = call;
    return () => {
      tick = null;
    };
  };
  endWhenSilent(answer, { idleTimeoutMs: 60_000, bytesCame: () => came, ticker });
  return {
    answer,
    send(bytes: string) {
      came += bytes.length;
      answer.write(bytes);
    },
    tick: () => tick?.(),
    isWatched: () => tick !== null,
  };
}

test('an answer with a slow reader is never ended', async () => {
  const { answer, send, tick } = openAnswer();
  send('some bytes');
  for (let minute = 0; minute < 60; minute += 1) tick();
  answer.end();
  const seen: Buffer[] = [];
  for await (const chunk of answer) seen.push(chunk);
  expect(Buffer.concat(seen).toString()).toBe('some bytes');
});

test('a slow answer is waited for, and a silent one is ended', async () => {
  const { answer, send, tick, isWatched } = openAnswer();
  const pieces = answer[Symbol.asyncIterator]();
  for (let minute = 0; minute < 5; minute += 1) {
    send('x');
    expect((await pieces.next()).value.toString()).toBe('x');
    tick();
  }
  const next = pieces.next();
  tick();
  await expect(next).rejects.toMatchObject({ name: 'TimeoutError' });
  expect(isWatched()).toBe(false);
});

test('an answer that was read to its end is no longer watched', async () => {
  const { answer, send, isWatched } = openAnswer();
  send('all');
  answer.end();
  for await (const _ of answer);
  if (!answer.closed) await new Promise((resolve) => answer.once('close', resolve));
  expect(isWatched()).toBe(false);
});

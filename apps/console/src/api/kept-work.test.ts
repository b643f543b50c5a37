import { expect, test } from 'vitest';
import { forgetKeptWork, keepInSession, lossOfLeaving } from './kept-work.ts';

test('what leaving would stop is named until it is forgotten', () => {
  let running = ['the import', 'the upload'];
  keepInSession({ loss: () => running[0] ?? null, forget: () => running.splice(0, 1) });
  keepInSession({ loss: () => running[1] ?? null, forget: () => (running = []) });
  expect(lossOfLeaving()).toBe('the import the upload');
  forgetKeptWork();
  expect(lossOfLeaving()).toBe(null);
});

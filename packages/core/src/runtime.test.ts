import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { systemRuntime } from './runtime.ts';

test.each([-5, 2 ** 40])('a pause of %i ms sets no timer that Node warns about', async (milliseconds) => {
  const warnings: Error[] = [];
  const heard = (warning: Error) => warnings.push(warning);
  process.on('warning', heard);
  using stack = new DisposableStack();
  stack.defer(() => process.off('warning', heard));
  const leaving = new AbortController();
  let isOver = false;
  const pause = systemRuntime.sleep(milliseconds, leaving.signal).then(
    () => {
      isOver = true;
    },
    () => {},
  );
  // Longer than 1 ms, after which Node fires a timer that is out of range.
  await systemRuntime.sleep(20, undefined);
  expect(isOver).toBe(milliseconds < 0);
  leaving.abort();
  await pause;
  await setImmediate();
  expect(warnings).toEqual([]);
});

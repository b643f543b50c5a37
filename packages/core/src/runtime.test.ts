import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { systemRuntime } from './runtime.ts';

test.each([-5, 2 ** 40])('a pause of %i ms sets no timer that Node warns of', async (milliseconds) => {
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
  // Longer than the millisecond after which Node fires a timer that it cannot set.
  await systemRuntime.sleep(20, undefined);
  expect(isOver).toBe(milliseconds < 0);
  leaving.abort();
  await pause;
  await setImmediate();
  expect(warnings).toEqual([]);
});

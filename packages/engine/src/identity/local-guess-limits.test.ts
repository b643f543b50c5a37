import { describe, expect, test } from 'vitest';
import { TestClock } from '../testing/test-clock.ts';
import { describeGuessLimits, guessWrong } from './guess-limits-conformance.ts';
import { LocalGuessLimits } from './local-guess-limits.ts';

const minuteMs = 60_000;

describe('limits of wrong passwords in one process', () =>
  describeGuessLimits(async () => {
    const clock = new TestClock();
    return {
      limits: new LocalGuessLimits(clock),
      passMinutes: (minutes) => {
        clock.timeMs += minutes * minuteMs;
      },
      async [Symbol.asyncDispose]() {},
    };
  }));

test.each([-60, 25 * 60])(
  'after the wall clock was set by %d minutes, the window still lasts 15 minutes',
  async (minutes) => {
    const clock = new TestClock();
    const limits = new LocalGuessLimits(clock);
    await guessWrong(limits, 10, () => ['ada', null]);
    clock.step(minutes * minuteMs);
    clock.timeMs += 14 * minuteMs;
    await expect(limits.begin('ada', null)).rejects.toThrow('too many wrong passwords');
    clock.timeMs += minuteMs;
    await limits.begin('ada', null);
  },
);

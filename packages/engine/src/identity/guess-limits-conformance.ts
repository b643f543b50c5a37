import { expect, test } from 'vitest';
import type { GuessLimits } from './guess-limits.ts';

/** Limits without any guesses, on a clock that the test moves. */
export type GuessLimitsUnderTest = AsyncDisposable & {
  readonly limits: GuessLimits;
  readonly passMinutes: (minutes: number) => void;
};

/** Guesses wrong `count` times. */
export async function guessWrong(
  limits: GuessLimits,
  count: number,
  of: (guess: number) => readonly [userName: string, address: string | null],
): Promise<void> {
  for (let guess = 0; guess < count; guess += 1) await limits.begin(...of(guess));
}

/** Logs in with the right password. */
export async function logIn(limits: GuessLimits, userName: string, address: string | null): Promise<void> {
  const guess = await limits.begin(userName, address);
  await guess.wasRight();
}

/** Tests what all limits of wrong passwords do. */
export function describeGuessLimits(open: () => Promise<GuessLimitsUnderTest>): void {
  test('after 10 wrong passwords for a user, no more are tried from any address until 15 minutes have passed', async () => {
    await using opened = await open();
    const { limits, passMinutes } = opened;
    await guessWrong(limits, 10, (guess) => ['ada', `10.0.0.${guess}`]);
    passMinutes(5);
    const refusal: unknown = await limits.begin('ada', '10.0.1.1').catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'throttled', message: 'too many wrong passwords' });
    const { retryAfterMs } = refusal as { readonly retryAfterMs: number };
    // Some time may pass while real guesses are counted.
    expect(retryAfterMs).toBeGreaterThan(9 * 60_000);
    expect(retryAfterMs).toBeLessThanOrEqual(10 * 60_000);
    await limits.begin('bob', '10.0.0.1');
    passMinutes(10);
    await limits.begin('ada', '10.0.1.1');
  });

  test('after 50 wrong passwords from one address, no more are tried for any user; an IPv6 network counts as one', async () => {
    for (const addressOf of [() => '10.0.0.1', (guess: number) => `2001:db8::${guess.toString(16)}`]) {
      await using opened = await open();
      const { limits } = opened;
      await guessWrong(limits, 50, (guess) => [`user-${guess}`, addressOf(guess)]);
      await expect(limits.begin('another', addressOf(51))).rejects.toMatchObject({ code: 'throttled' });
      await limits.begin('another', '10.9.9.9');
      await limits.begin('another', '2001:db8:0:1::1');
    }
  });

  test('another spelling, or a port added by a proxy, does not make another address', async () => {
    await using opened = await open();
    const { limits } = opened;
    await guessWrong(limits, 50, (guess) => [`user-${guess}`, '::ffff:10.0.0.1']);
    await expect(limits.begin('another', '0:0:0:0:0:ffff:a00:1')).rejects.toThrow('too many wrong passwords');
    await limits.begin('another', '::ffff:10.0.0.2');
    await guessWrong(limits, 50, (guess) => [`user-${guess}`, `10.0.0.3:${guess}`]);
    await expect(limits.begin('another', '10.0.0.3:50')).rejects.toThrow('too many wrong passwords');
  });

  test('right passwords do not count, and do not reset the count of wrong ones', async () => {
    await using opened = await open();
    const { limits } = opened;
    for (let login = 0; login < 100; login += 1) await logIn(limits, 'ada', '10.0.0.1');
    await guessWrong(limits, 10, () => ['bob', '10.0.0.1']);
    await logIn(limits, 'ada', '10.0.0.1');
    await expect(limits.begin('bob', '10.0.0.1')).rejects.toThrow('too many wrong passwords');
  });

  test('parallel guesses do not evade the limit, and refused ones do not count', async () => {
    await using opened = await open();
    const { limits } = opened;
    const parallel = await Promise.allSettled(Array.from({ length: 30 }, () => limits.begin('ada', null)));
    const tried = parallel.flatMap((guess) => (guess.status === 'fulfilled' ? [guess.value] : []));
    expect(tried).toHaveLength(10);
    await expect(limits.begin('ada', null)).rejects.toThrow('too many wrong passwords');
    for (const guess of tried) await guess.wasRight();
    await guessWrong(limits, 10, () => ['eve', null]);
    await guessWrong(limits, 10, () => ['bob', null]);
    await limits.begin('ada', null);
  });

  test('guesses that nobody answered do not count, and make no address a known one', async () => {
    await using opened = await open();
    const { limits } = opened;
    for (let outage = 0; outage < 100; outage += 1) {
      const guess = await limits.begin('ada', '10.0.0.1');
      await guess.wasUnanswered();
    }
    await guessWrong(limits, 10, (guess) => ['ada', `10.0.1.${guess}`]);
    await expect(limits.begin('ada', '10.0.0.1')).rejects.toThrow('too many wrong passwords');
  });

  test('guesses from elsewhere do not lock a user out at a known address, where guesses are limited too', async () => {
    await using opened = await open();
    const { limits } = opened;
    await logIn(limits, 'ada', '10.0.0.1');
    await guessWrong(limits, 10, (guess) => ['ada', `10.0.1.${guess}`]);
    await expect(limits.begin('ada', '10.0.2.1')).rejects.toThrow('too many wrong passwords');
    await guessWrong(limits, 10, () => ['ada', '10.0.0.1']);
    await expect(limits.begin('ada', '10.0.0.1')).rejects.toThrow('too many wrong passwords');
  });
}

import { expect, test } from 'vitest';
import { TestClock } from '../testing/test-clock.ts';
import { GuessLimits } from './guess-limits.ts';

function open() {
  const clock = new TestClock();
  return { clock, limits: new GuessLimits(clock) };
}

const minutesMs = 60_000;

test('after 10 wrong passwords for a user, no more are tried from any address until 15 minutes have passed', () => {
  const { clock, limits } = open();
  for (let guess = 0; guess < 10; guess += 1) limits.begin('ada', `10.0.0.${guess}`);
  clock.timeMs += 5 * minutesMs;
  const throttled = { code: 'throttled', retryAfterMs: 10 * minutesMs };
  expect(() => limits.begin('ada', '10.0.1.1')).toThrow(expect.objectContaining(throttled));
  limits.begin('bob', '10.0.0.1');
  clock.timeMs += 10 * minutesMs;
  limits.begin('ada', '10.0.1.1');
});

test('after 50 wrong passwords from one address, no more are tried for any user; an IPv6 network counts as one', () => {
  for (const addressOf of [() => '10.0.0.1', (guess: number) => `2001:db8::${guess.toString(16)}`]) {
    const { limits } = open();
    for (let guess = 0; guess < 50; guess += 1) limits.begin(`user-${guess}`, addressOf(guess));
    expect(() => limits.begin('another', addressOf(51))).toThrow(expect.objectContaining({ code: 'throttled' }));
    limits.begin('another', '10.9.9.9');
    limits.begin('another', '2001:db8:0:1::1');
  }
});

test('another spelling, or a port added by a proxy, does not make another address', () => {
  const { limits } = open();
  for (let guess = 0; guess < 50; guess += 1) limits.begin(`user-${guess}`, '::ffff:10.0.0.1');
  expect(() => limits.begin('another', '0:0:0:0:0:ffff:a00:1')).toThrow('too many wrong passwords');
  limits.begin('another', '::ffff:10.0.0.2');
  for (let guess = 0; guess < 50; guess += 1) limits.begin(`user-${guess}`, `10.0.0.3:${guess}`);
  expect(() => limits.begin('another', '10.0.0.3:50')).toThrow('too many wrong passwords');
});

test('right passwords do not count, and do not reset the count of wrong ones', () => {
  const { limits } = open();
  for (let login = 0; login < 100; login += 1) limits.begin('ada', '10.0.0.1')();
  for (let guess = 0; guess < 10; guess += 1) limits.begin('bob', '10.0.0.1');
  limits.begin('ada', '10.0.0.1')();
  expect(() => limits.begin('bob', '10.0.0.1')).toThrow('too many wrong passwords');
});

test('parallel guesses do not evade the limit', () => {
  const { limits } = open();
  const under = Array.from({ length: 10 }, () => limits.begin('ada', null));
  expect(() => limits.begin('ada', null)).toThrow('too many wrong passwords');
  for (const takeBack of under) takeBack();
  limits.begin('ada', null);
});

test.each([-60, 25 * 60])(
  'after the wall clock was set by %d minutes, the window still lasts 15 minutes',
  (minutes) => {
    const { clock, limits } = open();
    for (let guess = 0; guess < 10; guess += 1) limits.begin('ada', null);
    clock.step(minutes * minutesMs);
    clock.timeMs += 14 * minutesMs;
    expect(() => limits.begin('ada', null)).toThrow('too many wrong passwords');
    clock.timeMs += minutesMs;
    limits.begin('ada', null);
  },
);

test('guesses from elsewhere do not lock a user out at a known address, where guesses are limited too', () => {
  const { limits } = open();
  limits.begin('ada', '10.0.0.1')();
  for (let guess = 0; guess < 10; guess += 1) limits.begin('ada', `10.0.1.${guess}`);
  expect(() => limits.begin('ada', '10.0.2.1')).toThrow('too many wrong passwords');
  for (let guess = 0; guess < 10; guess += 1) limits.begin('ada', '10.0.0.1');
  expect(() => limits.begin('ada', '10.0.0.1')).toThrow('too many wrong passwords');
});

import { describe, expect, test } from 'vitest';
import { durationText, formatSeconds, parseDuration } from './duration.ts';
import { readEnvironment } from './environment.ts';
import { durationOrNone } from './options.ts';
import { createProgram } from './program.ts';

describe('a duration', () => {
  test.each([
    ['90s', 90],
    ['90m', 5400],
    ['26h', 93_600],
    ['7d', 604_800],
    ['0s', 0],
  ])('%s is %i seconds', (text, seconds) => expect(parseDuration(text)).toBe(seconds));

  test.each(['', '90', '-1h', '1.5h', '1w', 'h', '26 h', '9999999d'])('%j is not a duration', (text) =>
    expect(parseDuration(text)).toBeNull(),
  );

  test('is shown as it is typed, in the largest unit that divides it', () => {
    const shown = ['90s', '90m', '1h', '24h', '26h', '7d', '0s', '3601s'];
    expect(shown.map((text) => durationText(parseDuration(text) ?? -1))).toEqual(shown);
  });

  test('is shown in a readable unit', () => {
    expect([9, 100, 5400, 93_600, 604_800].map(formatSeconds)).toEqual(['9.0 s', '100 s', '90 min', '26.0 h', '7.0 d']);
  });
});

/** How an option parses a value, whatever its command. */
function parsed(option: string, text: string): unknown {
  const program = createProgram(
    '0.0.0',
    () => expect.fail('no command is called'),
    () => {},
  );
  const all = (command: typeof program): (typeof program)[] => [
    command,
    ...command.commands.flatMap((each) => all(each)),
  ];
  const found = all(program).flatMap(({ options }) => options.filter(({ long }) => long === option));
  expect(found, option).not.toEqual([]);
  const [first, ...others] = found.map(({ parseArg }) => parseArg?.(text, undefined as never));
  for (const other of others) expect(other).toBe(first);
  return first;
}

test('every option for a duration accepts every unit', () => {
  for (const option of ['--max-age', '--retry-for', '--interval', '--reverify-after', '--incomplete-after']) {
    expect(
      ['90s', '90m', '26h', '7d'].map((text) => parsed(option, text)),
      option,
    ).toEqual([90, 5400, 93_600, 604_800]);
    expect(() => parsed(option, '1 week'), option).toThrow('must be a duration such as 90s, 90m, 26h or 7d');
  }
  for (const option of ['--timeout', '--connect-timeout']) {
    expect(
      ['90s', '2m', '1h'].map((text) => parsed(option, text)),
      option,
    ).toEqual([90, 120, 3600]);
    for (const text of ['0s', '7d', '1 week']) {
      expect(() => parsed(option, text), option).toThrow(
        'must be a duration such as 90s, 90m, 26h or 7d, from 1s to 1h',
      );
    }
  }
});

test('an option that accepts "none" says so', () => {
  expect(durationOrNone('none')).toBe('none');
  expect(() => durationOrNone('1 week')).toThrow('must be a duration such as 90s, 90m, 26h or 7d, or "none".');
});

test('options that accepted whole seconds still do', () => {
  for (const option of ['--interval', '--reverify-after', '--incomplete-after'])
    expect(parsed(option, '3600')).toBe(3600);
});

test('every variable for a duration accepts every unit, and its error has the same rule', () => {
  expect(readEnvironment({ BACKUP_SYNC_RETRY_FOR: '26h', BACKUP_SYNC_TIMEOUT: '2m' })).toMatchObject({
    BACKUP_SYNC_RETRY_FOR: 93_600,
    BACKUP_SYNC_TIMEOUT: 120,
  });
  for (const name of ['BACKUP_SYNC_RETRY_FOR', 'BACKUP_SYNC_TIMEOUT', 'BACKUP_SYNC_CONNECT_TIMEOUT']) {
    expect(() => readEnvironment({ [name]: '90' })).toThrow(`${name} must be a duration such as 90s, 90m, 26h or 7d`);
  }
});

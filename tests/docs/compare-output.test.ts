import { describe, expect, test } from 'vitest';
import { keepElisions, matches } from '../../tools/docs/compare-output.ts';

describe('an output matches what a page shows', () => {
  test.each([
    ['the same lines', ['a', 'b'], ['a', 'b'], true],
    ['another line', ['a', 'b'], ['a', 'c'], false],
    ['a line more', ['a'], ['a', 'b'], false],
    ['a line less', ['a', 'b'], ['a'], false],
    ['lines that are left out', ['a', '…', 'd'], ['a', 'b', 'c', 'd'], true],
    ['nothing that is left out', ['a', '…', 'd'], ['a', 'd'], true],
    ['another line behind those left out', ['a', '…', 'd'], ['a', 'b', 'e'], false],
    ['columns of another width', ['NAME  ID', 'a     1'], ['NAME    ID', 'a       1'], true],
    [
      'another id made here',
      ['id 01a219f0-4c11-7632-8923-d34859acb5cd'],
      ['id 01a219f8-2ccc-7010-935b-7d4bc6ae61ea'],
      true,
    ],
    [
      'another id of a backup',
      ['f9057636-fb85-4561-8f04-cb52c9d22b68'],
      ['e4928728-f83e-4e23-8101-fafb5225c1e0'],
      false,
    ],
    ['another time', ['at 2026-09-03 02:00:00'], ['at 2026-11-26T22:18:28Z'], true],
    ['another duration', ['takes about 0.3 s'], ['takes less than 0.1 s'], true],
    ['another size', ['6.2 KiB'], ['6.3 KiB'], false],
    ['another digest', ['0f98abef78fd2c4e75bad105e991b5ec'], ['0c00e4e9b8502c802f0c93f11d7534f8'], false],
  ])('with %s', (_name, shown, printed, expected) => {
    expect(matches(shown, printed)).toBe(expected);
  });
});

describe('a new output', () => {
  test('leaves out what the page left out', () => {
    expect(keepElisions(['status old', '…', 'reason old'], ['status new', 'x', 'y', 'reason new'])).toEqual([
      'status new',
      '…',
      'reason new',
    ]);
  });

  test('is shown in full if its lines begin otherwise', () => {
    expect(keepElisions(['status old', '…'], ['other', 'lines'])).toEqual(['other', 'lines']);
  });
});

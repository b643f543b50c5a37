import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatTable, printable } from './table.ts';

const columns = [
  { heading: 'ID' },
  { heading: 'NAME', shrinksTo: 8 },
  { heading: 'NOTE', wraps: true },
  { heading: 'BYTES', align: 'right', drops: 1 },
] as const;
const row = ['71389e6e-8c54-4514-b040-6c5d357b2d4c', 'a-name-of-many-letters', 'one two three four five six', '12'];

describe('a table', () => {
  test('is as wide as its content where nothing bounds it', () => {
    expect(formatTable(columns, [row]).split('\n')[1]).toBe(
      '71389e6e-8c54-4514-b040-6c5d357b2d4c  a-name-of-many-letters  one two three four five six     12',
    );
  });

  test('cuts and wraps what may be, and keeps ids whole', () => {
    expect(formatTable(columns, [row], 80)).toBe(
      [
        'ID                                    NAME           NOTE                  BYTES',
        '71389e6e-8c54-4514-b040-6c5d357b2d4c  a-name-of-ma…  one two three four       12',
        '                                                     five six',
      ].join('\n'),
    );
  });

  test('leaves columns out where nothing else helps', () => {
    expect(formatTable(columns, [row], 70)).not.toContain('BYTES');
  });

  test('counts wide characters as the terminal shows them, and lets no control character through', () => {
    const [, first, second] = formatTable(
      [{ heading: 'A' }, { heading: 'B' }],
      [
        ['备份', 'x'],
        ['\u001b[31mred', 'y'],
      ],
    ).split('\n');
    expect(first).toBe('备份      x');
    expect(second).toBe('\u{fffd}[31mred  y');
  });

  test('fits any width that its columns can be brought to', () => {
    const texts = fc.array(fc.tuple(fc.string(), fc.string()), { maxLength: 5 });
    const cuttable = [
      { heading: 'A', shrinksTo: 4 },
      { heading: 'B', shrinksTo: 4, drops: 1 },
    ];
    fc.assert(
      fc.property(texts, fc.integer({ min: 10, max: 120 }), (rows, width) => {
        for (const line of formatTable(cuttable, rows, width).split('\n'))
          expect(line.length).toBeLessThanOrEqual(width);
      }),
    );
  });
});

test('a text to print holds no character that steers or hides: neither controls nor formats, of any plane', () => {
  expect(printable('a\u001bb\u009bc\u202ed\u200be\u{e0041}f\ng')).toBe(
    'a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}e\u{fffd}f\u{fffd}g',
  );
});

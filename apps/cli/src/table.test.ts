import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { formatTable } from './table.ts';

const columns = [
  { heading: 'NAME', wraps: true, shrinksTo: 8 },
  { heading: 'NOTE', wraps: true },
  { heading: 'TO', shrinksTo: 8 },
  { heading: 'BYTES', align: 'right', drops: 2 },
  { heading: 'ID', drops: 1 },
] as const;
const id = '71389e6e-8c54-4514-b040-6c5d357b2d4c';
const row = ['a-name-of-many-letters', 'one two three four five six', 'everyone here', '12', id];

describe('a table', () => {
  test('has one line per row without a width', () => {
    expect(formatTable(columns, [row]).text.split('\n')[1]).toBe(
      `a-name-of-many-letters  one two three four five six  everyone here     12  ${id}`,
    );
  });

  test('without a width does not pad the other rows to one long cell', () => {
    const rows = [
      ['a', 'b', 'c'],
      ['x', 'y'.repeat(1800), 'z'],
    ];
    const { text } = formatTable([{ heading: 'A' }, { heading: 'B' }, { heading: 'C' }], rows);
    const [heading = '', short = '', long] = text.split('\n');
    expect([heading.length, short.length]).toEqual([70, 70]);
    expect(long).toBe(`x  ${'y'.repeat(1800)}  z`);
  });

  test('wraps, cuts and leaves out columns until it fits, the id first, and says which it left out', () => {
    expect(formatTable(columns, [row], 60)).toEqual({
      text: [
        'NAME              NOTE                  TO             BYTES',
        'a-name-of-many-l  one two three four    everyone here     12',
        'etters            five six',
      ].join('\n'),
      leftOut: ['ID'],
    });
    const narrow = formatTable(columns, [row], 40);
    expect(narrow.leftOut).toEqual(['BYTES', 'ID']);
    expect(narrow.text).toContain('everyon…');
  });

  test('keeps an id or a path of its last column whole, so that it can be copied', () => {
    const { text } = formatTable(
      [{ heading: 'FIELD' }, { heading: 'VALUE', wraps: true, keepsWords: true }],
      [['id', `it is ${id}`]],
      30,
    );
    expect(text.split('\n').slice(1)).toEqual(['id     it is', `       ${id}`]);
  });

  test('shrinks a column no further than its longest word, if it says so', () => {
    const [by, to] = [
      { heading: 'BY', wraps: true, shrinksTo: 'word' },
      { heading: 'TO', shrinksTo: 4 },
    ] as const;
    const rows = [
      ['refused: not_authenticated', 'somebody else'],
      ['done', 'me'],
    ];
    expect(formatTable([by, to], rows, 25).text.split('\n').slice(1)).toEqual([
      'refused:           someb…',
      'not_authenticated',
      'done               me',
    ]);
  });

  test('measures wide, joined and combining characters as terminals do, and removes control characters', () => {
    const [, ...lines] = formatTable(
      [{ heading: 'A' }, { heading: 'B' }],
      [
        ['备份', 'x'],
        ['\u001b[31mred', 'y'],
        ['e\u0301te\u0301', 'z'],
      ],
    ).text.split('\n');
    expect(lines).toEqual(['备份      x', '\u{fffd}[31mred  y', 'e\u0301te\u0301       z']);
  });

  test('fits any width to which its columns can shrink, whatever its cells contain', () => {
    const texts = fc.array(
      fc.tuple(
        fc.string({ unit: 'binary', maxLength: 30 }),
        fc.string({ unit: 'grapheme', maxLength: 30 }),
        fc.string(),
      ),
      {
        maxLength: 3,
      },
    );
    const flexible = [
      { heading: 'A', shrinksTo: 4 },
      { heading: 'B', shrinksTo: 4, wraps: true },
      { heading: 'C', shrinksTo: 4, drops: 1 },
    ];
    fc.assert(
      fc.property(texts, fc.integer({ min: 10, max: 120 }), (rows, width) => {
        for (const line of formatTable(flexible, rows, width).text.split('\n'))
          expect(stringWidth(line)).toBeLessThanOrEqual(width);
      }),
      { numRuns: 30 },
    );
  });
});

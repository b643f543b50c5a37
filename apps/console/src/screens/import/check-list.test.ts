import type { BackupSync } from '@backup-sync/contracts';
import { describe, expect, test } from 'vitest';
import { checkList } from './check-list.ts';
import { decodeText } from './decode-text.ts';
import { NoListError } from './list-item.ts';

const item: BackupSync = {
  backup_id: 'backup-1',
  backup_name: 'nightly, with a comma',
  bucket_name: 'bucket',
  image_path: 'plan/server/1',
  resource_id: 'server',
  resource_name: 'the "server"',
  resource_type: 'OS::VMware::Server',
  created_at: 1_700_000_000,
};
const other: BackupSync = { ...item, backup_id: 'backup-2', backup_name: '备份' };
const fields = Object.keys(item) as (keyof BackupSync)[];
const cell = (value: unknown) => `"${String(value).replaceAll('"', '""')}"`;
const row = (each: object, delimiter = ',') => fields.map((field) => cell(Reflect.get(each, field))).join(delimiter);
const head = fields.join(',');
const json = JSON.stringify;

function read(text: string) {
  const items: BackupSync[] = [];
  const summary = checkList(text, (each) => items.push(each));
  return { items, summary };
}

function refusal(text: string): string {
  try {
    checkList(text, () => {});
  } catch (error) {
    if (error instanceof NoListError) return error.message;
    throw error;
  }
  throw new Error('the text was taken');
}

test.each([
  ['the body of an API call', json({ note: [1, { sync: 2 }], sync: [item, other] })],
  ['a plain list', `  ${json([item, other], null, 2)}\n`],
  ['one object a line', `${json(item)}\r\n\n${json(other)}`],
  ['CSV with a further column and a blank row', `${head},remark\n${row(item)},x\n\n${row(other)},y\n`],
  ['CSV with semicolons', `${fields.join(';')}\r\n${row(item, ';')}\r\n${row(other, ';')}`],
  ['CSV with tabs', `${fields.join('\t')}\n${row(item, '\t')}\n${row(other, '\t')}\n`],
  ['CSV of a spreadsheet', `sep=|\r\n${fields.join('|')}\r\n${row(item, '|')}\r\n${row(other, '|')}\r\n`],
])('the same backups are read from %s', (_, text) => {
  expect(read(text).items).toEqual([item, other]);
});

test('a column that is left out counts as the default type of resource', () => {
  const names = fields.filter((field) => field !== 'resource_type');
  const text = `${names.join(',')}\n${names.map((name) => cell(item[name])).join(',')}`;
  expect(read(text).items).toEqual([{ ...item, resource_type: 'OS::Native::Server' }]);
});

describe('problems name the place and the field', () => {
  test.each([
    [json([item, { ...item, image_path: '/x' }]), '[1]', 'image_path', /starts with "\/"/],
    [json({ sync: [item, 7] }), 'sync[1]', null, /must be an object, not a number/],
    [`${json(item)}\n${json({ ...item, created_at: 'x' })}`, 'line 2', 'created_at', /\(the value is "x"\)$/],
    [`${head}\n${row({ ...item, backup_name: '' })}`, 'row 2', 'backup_name (column B)', /1 to 64 characters/],
    [`${head}\n${row({ ...item, created_at: '1.77E+09' })}`, 'row 2', 'created_at (column H)', /has rounded it/],
    [`${head}\na,b`, 'row 2', null, 'has 2 cells; the first row has 8'],
  ])('of %s', (text, place, field, message) => {
    const { problems, invalid } = read(text).summary;
    expect(problems).toEqual([
      { place, field, message: typeof message === 'string' ? message : expect.stringMatching(message) },
    ]);
    expect(invalid).toBe(1);
  });
});

test('every problem is counted, and only the first 500 are kept', () => {
  const { summary } = read(`${json({ ...item, backup_id: 7, created_at: 'x' })}\n`.repeat(700));
  expect(summary).toMatchObject({ invalid: 700, valid: 0, problemCount: 1400 });
  expect(summary.problems).toHaveLength(500);
});

test('a backup that is listed again is valid, and reported', () => {
  const { summary, items } = read(json([item, other, { ...item, backup_name: 'new name' }]));
  expect(items).toHaveLength(3);
  expect(summary).toMatchObject({
    repeatCount: 1,
    repeats: [{ place: '[2]', earlier: '[0]', backupId: 'backup-1' }],
    buckets: new Map([['bucket', 3]]),
  });
});

describe('a text that is no list is refused with the place', () => {
  test.each([
    ['', 'It is empty.'],
    ['{"sync":[]}', 'It is a list without a backup.'],
    ['{\n"backups":[]}', /no "sync" list/],
    [`[${json(item)},\n  oops]`, 'It is not valid JSON: line 2, column 3 has an unexpected "o".'],
    [`[${json({ ...item, backup_name: '备份' })} x]`, /line 1, column \d+ has an unexpected "x"/],
    [`{"sync":[${json(item)}`, /ends too early/],
    [`${json(item)}\n{"backup_id":\n`, /^Line 2 is not valid JSON: /],
    ['backup_id,backup_name\na,b\n', /^Row 1, .* lacks bucket_name, image_path/],
    [
      `${head.replace('image_path', 'imagepath')}\n${row(item)}`,
      /Did you mean image_path by "imagepath" in column D\?$/,
    ],
    [`${head},backup_id\n`, /has backup_id twice, in columns A and I\.$/],
    [`${head}\n"a,b`, 'Row 2 is not valid CSV: a quote is not closed.'],
  ])('%j', (text, message) => {
    expect(refusal(text)).toMatch(message);
  });
});

describe('bytes', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);

  test('of UTF-8 and of UTF-16 are read, with or without a byte-order mark', () => {
    const wide = new Uint8Array(Uint16Array.from('id,名', (each) => each.charCodeAt(0)).buffer);
    expect(decodeText(bytes('\u{feff}id,名'))).toBe('id,名');
    expect(decodeText(wide)).toBe('id,名');
    expect(decodeText(Uint8Array.of(0xff, 0xfe, ...wide))).toBe('id,名');
  });

  test.each([
    [Uint8Array.of(...bytes('a\nbc'), 0xe9, 0x2c), /^Line 2 is not valid UTF-8 after "bc"\./],
    [Uint8Array.of(0x50, 0x4b, 3, 4), /workbook/],
    [Uint8Array.of(0x1f, 0x8b, 8, 0), /compressed/],
  ])('that are no text are refused: %s', (wrong, message) => {
    expect(() => decodeText(wrong)).toThrow(message);
  });
});

test('50,000 rows are read and checked, each once', () => {
  const rows = Array.from({ length: 50_000 }, (_, index) => row({ ...item, backup_id: `backup-${index}` }));
  const { items, summary } = read(`${head}\n${rows.join('\n')}`);
  expect(summary).toMatchObject({ valid: 50_000, invalid: 0, repeatCount: 0 });
  expect(items.at(-1)?.backup_id).toBe('backup-49999');
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidItemsError } from '../failure.ts';
import { temporaryDirectory } from '../testing.ts';
import { checkedItems, checkItems } from './check-items.ts';
import { openItemSource } from './item-source.ts';

const item = {
  backup_id: 'backup-1',
  backup_name: 'Täglich',
  bucket_name: 'bucket',
  image_path: 'plan/server/1',
  resource_id: 'server',
  resource_name: 'server; a, b',
  resource_type: 'OS::VMware::Server',
  created_at: 1_700_000_000,
};
const other = { ...item, backup_id: 'backup-2', backup_name: '备份 2', created_at: 1_700_086_400 };
const fields = Object.keys(item) as (keyof typeof item)[];
const noInput = Readable.from([]) as unknown as NodeJS.ReadStream;

/** A table as a spreadsheet saves it, with quotes only around cells that need them. */
function table(rows: readonly (readonly (string | number)[])[], delimiter = ',', lineEnd = '\r\n'): string {
  const cell = (value: string | number) =>
    /[",;\t\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value);
  return rows.map((row) => row.map(cell).join(delimiter) + lineEnd).join('');
}

const valuesOf = (each: typeof item) => fields.map((field) => each[field]);
const rows = [fields, valuesOf(item), valuesOf(other)];
const changed = (field: keyof typeof item, value: string | number) =>
  table([fields, valuesOf(item), valuesOf({ ...other, [field]: value })]);

function utf16(text: string, order: 'le' | 'be'): Buffer {
  const bytes = Buffer.from(`\u{feff}${text}`, 'utf16le');
  return order === 'le' ? bytes : bytes.swap16();
}

/** Standard input with these bytes, in pieces of a size. */
async function piped(content: string | Buffer, pieceBytes = 64) {
  const bytes = Buffer.from(content);
  const pieces = Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, index) =>
    bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes),
  );
  return await openItemSource('-', Readable.from(pieces) as unknown as NodeJS.ReadStream, undefined);
}

async function problemsIn(content: string | Buffer): Promise<string[]> {
  const error = await checkItems(await piped(content)).then(
    () => expect.fail('the list was taken'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(InvalidItemsError);
  return (error as InvalidItemsError).problems.map(({ place, message }) => `${place}: ${message}`);
}

const blank = fields.map(() => '');
const written: Record<string, string | Buffer> = {
  commas: table(rows),
  semicolons: table(rows, ';'),
  tabs: table(rows, '\t'),
  'vertical bars': table(rows, '|'),
  'a sep= line and semicolons': `sep=;\r\n${table(rows, ';')}`,
  'a sep= line and commas': `sep=,\r\n${table(rows)}`,
  'a quoted sep= line that was saved again': `"sep=;",,,\n${table(rows, ';', '\n')}`,
  'line ends of an old Mac': table(rows, ';', '\r'),
  'two kinds of line ends': table(rows.slice(0, 2)) + table(rows.slice(2), ',', '\n'),
  'a byte-order mark and blanks in the first row': `\u{feff}${fields.map((field) => ` ${field} `).join(' ;')}\n${table(rows.slice(1), ';')}`,
  'rows that are blank or have only commas': `\r\n${table([blank, fields, blank, valuesOf(item), blank])}  \r\n${table([valuesOf(other), blank, blank])}`,
  'more commas after each row': table(rows.map((row) => [...row, '', ''])),
  'cells without a heading or of other columns': table(rows.map((row, at) => [...row, at === 0 ? 'remark' : 'x', ''])),
  'UTF-16, as Excel saves Unicode text': utf16(table(rows, '\t'), 'le'),
  'UTF-16 with the high byte first': utf16(table(rows, ';'), 'be'),
  'UTF-16 without a byte-order mark': utf16(table(rows, ';'), 'le').subarray(2),
  'UTF-16 without a byte-order mark, with the high byte first': utf16(table(rows), 'be').subarray(2),
  'NDJSON in UTF-16': utf16(`${JSON.stringify(item)}\n${JSON.stringify(other)}\n`, 'le'),
  'JSON in UTF-16': utf16(JSON.stringify({ sync: [item, other] }, null, 2), 'be'),
};

describe('a list from a spreadsheet', () => {
  test.each(Object.entries(written))('is read with %s, in pieces of any size', async (_, content) => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 700 }), async (pieceBytes) => {
        expect(await Array.fromAsync(checkedItems(await piped(content, pieceBytes)))).toEqual([item, other]);
      }),
      { numRuns: 10, examples: [[1]] },
    );
  });

  test('may lack cells at the end of a row if no required field is there', async () => {
    const names = ['created_at', ...fields.filter((field) => !['created_at', 'resource_type'].includes(field))];
    const values = names.map((field) => item[field as keyof typeof item]);
    const content = table([[...names, 'resource_type', 'remark'], values]);
    expect(await Array.fromAsync(checkedItems(await piped(content)))).toEqual([
      { ...item, resource_type: 'OS::Native::Server' },
    ]);
  });

  test('with many rows is read without a warning of Node', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    const content = table([fields, ...Array.from({ length: 20_000 }, () => valuesOf(item))]);
    expect(await checkItems(await piped(content, 65_536))).toMatchObject({ count: 20_000 });
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });

  test('is read the same from a file on disk', async () => {
    await using home = await temporaryDirectory();
    const path = join(home.path, 'items.csv');
    await writeFile(path, utf16(table(rows, '\t'), 'le'));
    expect(await checkItems(await openItemSource(path, noInput, undefined))).toMatchObject({ count: 2 });
  });
});

describe('a bad cell is shown with its row, its column and its value', () => {
  test.each([
    ['milliseconds', 1_700_086_400_000],
    ['scientific notation', '1.70009E+09'],
    ['a date', '2026-03-01 02:00:00'],
    ['a decimal', '1700086400.0'],
    ['a grouped number', '1,700,086,400'],
    ['a word', 'yesterday'],
  ])('for a time in %s, the error asks for whole seconds since 1970', async (_, value) => {
    const [problem, ...more] = await problemsIn(changed('created_at', value));
    expect(more).toEqual([]);
    expect(problem).toMatch(/^row 3, column H \(created_at\): /);
    expect(problem).toContain('whole seconds since 1970');
    expect(problem).toContain(`(the value is ${JSON.stringify(value)})`);
  });

  test('for a number that a spreadsheet has rounded, the error says how to format it', async () => {
    expect((await problemsIn(changed('created_at', '1,70009E+09')))[0]).toContain(
      'format the column as a number without decimals',
    );
  });

  test('rows are counted as the spreadsheet shows them, even with line breaks in cells', async () => {
    const names = [...fields, 'remark'];
    const bad = { ...other, backup_name: '' };
    const above = table([names, blank, [...valuesOf(item), 'one\ntwo\n\nthree']], ';');
    const content = `sep=;\r\n${above}\r\n  \r\n${table([[...valuesOf(bad), '']], ';')}`;
    expect(await problemsIn(content)).toEqual(['row 6, column B (backup_name): must have 1 to 64 characters, has 0']);
  });

  test('a long value is cut', async () => {
    const [problem = ''] = await problemsIn(changed('backup_name', 'x'.repeat(5000)));
    expect(problem).toMatch(/has 5000 \(the value is "x{40,100}…"\)$/);
  });

  test('a row with too few or too many cells says how many', async () => {
    const content = table([fields, valuesOf(item).slice(0, 2), [...valuesOf(other), '', 'stray']]);
    expect(await problemsIn(content)).toEqual([
      'row 2: has 2 cells; the first row has 8',
      'row 3: has 10 cells; the first row has 8',
    ]);
  });
});

describe('a first row that does not name the fields', () => {
  const renamed = (names: Record<string, string>) => fields.map((field) => names[field] ?? field);
  test.each([
    [renamed({ backup_id: 'Backup ID' }), 'lacks backup_id; did you mean backup_id by "Backup ID" in column A?'],
    [renamed({ image_path: 'imagepath' }), 'lacks image_path; did you mean image_path by "imagepath" in column D?'],
    [renamed({ created_at: 'creatd_at' }), 'lacks created_at; did you mean created_at by "creatd_at" in column H?'],
    [renamed({ resource_type: 'resource_typ' }), 'did you mean resource_type by "resource_typ" in column G?'],
    [[...fields, 'created_at'], 'has created_at twice, in columns H and I'],
    [['name', 'time'], 'lacks backup_id, backup_name, bucket_name'],
  ])('%j is refused, with the names that it may mean', async (names, message) => {
    await expect(checkItems(await piped(table([names, names])))).rejects.toThrow(message);
  });
});

describe('the error of an unreadable file has the place', () => {
  const cp1252 = Buffer.from(table(rows.slice(0, 2)).replace('备份', ''), 'latin1');
  test.each([
    ['another encoding', cp1252, 'line 2: not valid UTF-8 after "backup-1,T" (byte 0xE4'],
    [
      'another encoding far in',
      Buffer.concat([Buffer.from(table(rows.slice(0, 2)).repeat(1000)), cp1252]),
      'line 2002: not valid UTF-8 after "backup-1,T" (byte 0xE4',
    ],
    ['half a character of UTF-16', utf16(table(rows, '\t'), 'le').subarray(0, -1), 'not valid UTF-16'],
    ['a workbook', Buffer.from('PK\u{3}\u{4}\u{14}\u{0}'), 'save it as CSV'],
    ['an old workbook', Buffer.from('d0cf11e0a1b11ae1', 'hex'), 'save it as CSV'],
    ['a compressed file', Buffer.from([0x1f, 0x8b, 8, 0]), 'gunzip'],
    ['a quote that is not closed', `${table(rows)}"never closed,${'x'.repeat(1_100_000)}`, 'row 4'],
    ['a JSON object without the list', '{"backups":[{"backup_id":"a"}]}', 'no "sync" list'],
    ['a JSON object without the list over lines', '{\n"items": []}', 'no "sync" list'],
  ])('%s', async (_, content, message) => {
    for (const pieceBytes of [500, 65_536]) {
      await expect(checkItems(await piped(content, pieceBytes))).rejects.toThrow(message);
    }
  });
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidItemsError } from '../failure.ts';
import { temporaryDirectory } from '../testing.ts';
import { checkedItems, checkItems } from './check-items.ts';
import { detectFormat, type ItemFormat } from './detect-format.ts';
import { openItemSource } from './item-source.ts';

const item = {
  backup_id: 'backup-1',
  backup_name: 'nightly, with a comma',
  bucket_name: 'bucket',
  image_path: 'plan/server/1',
  resource_id: 'server',
  resource_name: 'the "server"',
  resource_type: 'OS::VMware::Server',
  created_at: 1_700_000_000,
};
const other = { ...item, backup_id: 'backup-2', backup_name: '备份' };
const fields = Object.keys(item) as (keyof typeof item)[];
const cell = (value: string | number) => `"${String(value).replaceAll('"', '""')}"`;
const row = (each: typeof item) => fields.map((field) => cell(each[field])).join(',');

const written: Record<ItemFormat, string> = {
  json: JSON.stringify({ note: [1, { sync: 2 }], sync: [item, other] }),
  ndjson: `${JSON.stringify(item)}\r\n\n${JSON.stringify(other)}`,
  csv: `\u{feff}${fields.join(',')},remark\n${row(item)},x\n\n${row(other)},y\n`,
};

/** Standard input with these bytes, in pieces of a size. */
async function piped(content: string, pieceBytes = 7) {
  const bytes = Buffer.from(content);
  const pieces = Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, index) =>
    bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes),
  );
  return await openItemSource('-', Readable.from(pieces) as unknown as NodeJS.ReadStream, undefined);
}

test('reading input that never ends stops when the signal is aborted', async () => {
  const stopping = new AbortController();
  const input = new PassThrough() as unknown as NodeJS.ReadStream;
  const checked = checkItems(await openItemSource('-', input, undefined, stopping.signal));
  stopping.abort();
  await expect(checked).rejects.toMatchObject({ name: 'AbortError' });
});

async function inFile(name: string, content: string, work: (path: string) => Promise<void>) {
  await using home = await temporaryDirectory();
  const path = join(home.path, name);
  await writeFile(path, content);
  await work(path);
}

const noInput = Readable.from([]) as unknown as NodeJS.ReadStream;

describe('items', () => {
  test.each(['json', 'ndjson', 'csv'] as const)('read from %s are the same, in pieces of any size', async (format) => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 2000 }), async (pieceBytes) => {
        const bytes = Buffer.from(written[format]);
        const pieces = [bytes.subarray(0, 500), bytes.subarray(500)].flatMap((half, index) =>
          index === 0
            ? [half]
            : Array.from({ length: Math.ceil(half.length / pieceBytes) }, (_, at) =>
                half.subarray(at * pieceBytes, (at + 1) * pieceBytes),
              ),
        );
        const source = await openItemSource('-', Readable.from(pieces) as unknown as NodeJS.ReadStream, undefined);
        expect(await Array.fromAsync(checkedItems(source))).toEqual([item, other]);
      }),
      { numRuns: 20 },
    );
  });

  test('are read from a plain list too', async () => {
    const source = await piped(JSON.stringify([item, other]), 100);
    expect(await Array.fromAsync(checkedItems(source))).toEqual([item, other]);
  });

  test('are counted by bucket if the whole file is valid', async () => {
    await inFile('items.csv', written.csv, async (path) => {
      const source = await openItemSource(path, noInput, undefined);
      expect(await checkItems(source)).toEqual({ count: 2, buckets: new Map([['bucket', 2]]) });
    });
  });

  test.each([
    [
      'items.ndjson',
      `${JSON.stringify(item)}\n${JSON.stringify({ ...item, created_at: 'x' })}\n7\n`,
      ['line 2, created_at', 'line 3, the item'],
    ],
    [
      'items.csv',
      `${fields.join(',')}\n${row(item)}\n${row({ ...item, backup_name: '' })}\n`,
      ['row 3, column B (backup_name)'],
    ],
    ['items.json', JSON.stringify({ sync: [item, { ...item, image_path: '/x' }] }), ['sync[1].image_path']],
  ])('of %s that are not valid are all reported with their places', async (name, content, places) => {
    await inFile(name, content, async (path) => {
      const source = await openItemSource(path, noInput, undefined);
      const error = await checkItems(source).then(
        () => expect.fail('the file was taken'),
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(InvalidItemsError);
      expect((error as InvalidItemsError).problems.map(({ place }) => place)).toEqual(places);
    });
  });

  test.each([
    ['items.ndjson', `${JSON.stringify(item)}\n{"backup_id":\n`, /items\.ndjson: line 2: not valid JSON/],
    ['items.csv', 'backup_id,backup_name\na,b\n', /row 1: .* name the fields, but it lacks bucket_name/],
    ['items.json', '{"backups":[]}\n{', /not valid JSON/],
    ['items.json', '{\n"backups":[]}', /no "sync" list/],
    ['items.json', '{"sync":[]}', /contains no item to sync/],
    ['items.json', `{"sync":[${JSON.stringify(item)}`, /ends too early/],
    ['items.bin', Buffer.from([0x7b, 0xff, 0xfe]).toString('latin1'), /not valid JSON|not text/],
    ['empty.csv', '', /contains no item to sync/],
  ])('cannot be read from %s with %j', async (name, content, message) => {
    await inFile(name, content, async (path) => {
      await expect(checkItems(await openItemSource(path, noInput, undefined))).rejects.toThrow(message);
    });
  });

  test('say how many problems are shown, if not all are', async () => {
    for (const [count, ending] of [
      [50, /nothing was sent$/],
      [51, /51 of 51 items are not valid; nothing was sent; only the first 50 problems are shown$/],
    ] as const) {
      await inFile('x.ndjson', `${JSON.stringify({ ...item, backup_id: 7 })}\n`.repeat(count), async (path) => {
        const checked = checkItems(await openItemSource(path, noInput, undefined));
        await expect(checked).rejects.toThrow(ending);
        await expect(checked).rejects.toMatchObject({ problems: { length: 50 } });
      });
    }
  });

  test('of a pipe may be empty', async () => {
    expect(await checkItems(await piped(''))).toEqual({ count: 0, buckets: new Map() });
  });
});

test.each([
  ['-', '{"backup_id":"a"}\n', 'ndjson'],
  ['-', '{"backup_id":"a"}', 'ndjson'],
  ['-', '{"sync":[]}', 'json'],
  ['-', '{\n  "sync": [', 'json'],
  ['-', ' [{"backup_id"', 'json'],
  ['-', '\u{feff}backup_id,backup_name', 'csv'],
  ['x.csv', '', 'csv'],
  ['x', '', 'ndjson'],
] as const)('%s with the beginning %j is detected as %s', (_, beginning, format) => {
  expect(detectFormat(_, beginning)).toBe(format);
});

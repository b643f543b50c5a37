import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readMetadata } from './metadata.ts';

const imagePath = 'volume_v/20260301020000/az_Zür "ich"_backup_6fea9211-38a5-4ccc-895f-c8b61fb35442';
const header = { version: '1.0.0', backup_id: 'b', volume_id: 'v', parent_id: null };

async function* inPieces(text: string, pieceBytes: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

/** The rows that were read, or the reason why they could not be. */
async function read(text: string, pieceBytes: number): Promise<unknown> {
  const reading = await readMetadata(inPieces(text, pieceBytes), imagePath);
  if (reading.kind !== 'read') return reading;
  const { objects, foreignName } = reading.metadata;
  const rows = Array.from({ length: objects.count }, (_, row) => ({
    number: objects.numberAt(row),
    offset: objects.offsetAt(row),
    length: objects.lengthAt(row),
    compression: objects.compressionAt(row),
    md5: Buffer.from(objects.md5At(row) ?? []).toString('hex'),
  }));
  return { rows, foreignName };
}

const usual = fc.record({
  offset: fc.nat(2 ** 50),
  length: fc.nat(2 ** 40),
  compression: fc.constantFrom('none', 'zlib', 'gzip', 'bz2', 'bzip2', 'zstd'),
  md5: fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF'), minLength: 32, maxLength: 32 }),
});
/** Valid or not, but unlike what Cinder writes. */
const unusual = fc.oneof(
  usual.map((fields) => ({ ...fields, more: '}],' })),
  usual.map((fields) => ({ ...fields, nested: { a: ['}', 1] } })),
  usual.map((fields) => ({ ...fields, offset: -1 })),
  usual.map((fields) => ({ ...fields, length: 1.5 })),
  usual.map((fields) => ({ ...fields, length: 1e21 })),
  usual.map((fields) => ({ ...fields, md5: 'x'.repeat(32) })),
  usual.map((fields) => ({ ...fields, compression: 'lz4' })),
  usual.map(({ md5: _, ...fields }) => fields),
);
const entries = fc.array(
  fc.record({
    fields: fc.oneof({ weight: 12, arbitrary: usual }, { weight: 1, arbitrary: unusual }),
    name: fc.oneof({ weight: 12, arbitrary: fc.constant(imagePath) }, { weight: 1, arbitrary: fc.constant('other/}') }),
    reversed: fc.boolean(),
  }),
  { maxLength: 30 },
);

type Entry = typeof entries extends fc.Arbitrary<readonly (infer Item)[]> ? Item : never;

function documentOf(list: readonly Entry[], space: number | string): string {
  const objects = list.map(({ fields, name, reversed }, index) => {
    const pairs = Object.entries(fields);
    return {
      [`${name}-${String(index + 1).padStart(5, '0')}`]: Object.fromEntries(reversed ? pairs.reverse() : pairs),
    };
  });
  const text = JSON.stringify({ ...header, objects, volume_meta: '{"}":"],"}' }, null, space);
  return text.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

describe('entries of objects', () => {
  test('are read like JSON.parse does, however the file is cut and spaced', async () => {
    const cases = fc.tuple(entries, fc.constantFrom(0, 2, '\t'), fc.integer({ min: 1, max: 3000 }));
    await fc.assert(
      fc.asyncProperty(cases, async ([list, space, pieceBytes]) => {
        const text = documentOf(list, space);
        const found = await read(text, pieceBytes);
        const isUsual = list.every(({ fields }) => isRight(fields));
        if (!isUsual) {
          expect(found).toMatchObject({ kind: 'unreadable', truncated: false });
          return;
        }
        const parsed: { objects: Record<string, Record<string, string | number>>[] } = JSON.parse(text);
        const rows = parsed.objects.flatMap(Object.entries).flatMap(([name, fields]) =>
          name.startsWith(imagePath)
            ? [
                {
                  number: Number(name.slice(imagePath.length + 1)),
                  offset: fields.offset,
                  length: fields.length,
                  compression: fields.compression,
                  md5: String(fields.md5).toLowerCase(),
                },
              ]
            : [],
        );
        const foreign = parsed.objects.flatMap(Object.keys).find((name) => !name.startsWith(imagePath));
        expect(found).toEqual({ rows, foreignName: foreign ?? null });
      }),
      { numRuns: 200 },
    );
  });

  test('are read the same with any byte changed as by the JSON walker, which takes a byte at a time', async () => {
    const text = documentOf(
      [1, 2, 3].map((offset) => ({
        fields: { offset, length: 10, compression: 'none', md5: 'a'.repeat(32) },
        name: imagePath,
        reversed: offset === 2,
      })),
      2,
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.constantFrom(...'"{}[],:\\0129aex-.\n '), async (at, character) => {
        const changed = text.slice(0, at) + character + text.slice(at + 1);
        expect(await read(changed, changed.length)).toEqual(await read(changed, 1));
      }),
      { numRuns: 500 },
    );
  });

  test('are kept up to a maximum, and counted beyond it', async () => {
    const fields = { offset: 0, length: 10, compression: 'none', md5: 'a'.repeat(32) } as const;
    const entry: Entry = { fields, name: imagePath, reversed: false };
    const text = documentOf(Array<Entry>(9).fill(entry), 2);
    for (const pieceBytes of [1, 7, 5000]) {
      const reading = await readMetadata(inPieces(text, pieceBytes), imagePath, 4);
      if (reading.kind !== 'read') throw new Error(reading.detail);
      const { objects } = reading.metadata;
      expect([objects.count, objects.leftOut]).toEqual([4, 5]);
      expect([0, 1, 2, 3].map((place) => objects.numberAt(objects.rowAt(place)))).toEqual([1, 2, 3, 4]);
    }
  });
});

function isRight(fields: Record<string, unknown>): boolean {
  const { offset, length, compression, md5 } = fields;
  if (typeof offset !== 'number' || offset < 0 || typeof length !== 'number' || !Number.isSafeInteger(length))
    return false;
  return !('nested' in fields) && compression !== 'lz4' && typeof md5 === 'string' && !md5.startsWith('x');
}

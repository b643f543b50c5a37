import { chainManifest } from '@backup-sync/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { writeSmallManifestChain } from '../../testing/small-manifest-chain.ts';
import { readManifest } from './read-manifest.ts';

const genuine = writeSmallManifestChain('read', 12, [[3, 9]])[1]?.manifest;
const text = JSON.stringify(genuine);

async function* inPieces(bytes: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

function read(document: string, pieceBytes = 64) {
  return readManifest(inPieces(Buffer.from(document), pieceBytes));
}

/** Path of a value in a document. */
type Place = readonly (string | number)[];

function* placesIn(value: unknown, place: Place = []): Generator<Place> {
  yield place;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, each] of Object.entries(value)) yield* placesIn(each, [...place, key]);
}

function replaceAt(value: unknown, [key, ...rest]: Place, replacement: unknown): unknown {
  if (key === undefined) return replacement;
  const copy = Array.isArray(value) ? [...value] : { ...(value as object) };
  return Object.assign(copy, { [key]: replaceAt((copy as Record<string, unknown>)[key], rest, replacement) });
}

describe('a manifest in pieces', () => {
  test('is read if and only if the schema accepts it, with any value in any place', async () => {
    const places = [...placesIn(genuine)];
    const values = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.integer({ min: -1, max: 10_000 }), fc.string());
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...places),
        values,
        fc.integer({ min: 1, max: 4000 }),
        async (place, value, by) => {
          const document = JSON.stringify(replaceAt(genuine, place, value));
          const parsed = chainManifest.safeParse(JSON.parse(document));
          const keys = parsed.data?.objects.map(({ key }) => key) ?? [];
          const reading = await read(document, by);
          expect(reading.kind === 'read').toBe(parsed.success && new Set(keys).size === keys.length);
          if (reading.kind !== 'read' || !parsed.success) return;
          const { objects, ...header } = parsed.data;
          expect(reading.manifest.header).toEqual(header);
          expect(objects.map((_, row) => reading.manifest.objects.offsetAt(row))).toEqual(
            objects.map(({ offset }) => offset),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  test('names the place of a problem', async () => {
    const wrong = text.replace('"none"', '"rar"');
    expect(await read(wrong)).toMatchObject({
      kind: 'unreadable',
      detail: expect.stringMatching(/^objects\[\d\]\.compression: /),
    });
  });

  test('may contain unknown keys, which are ignored', async () => {
    const more = text.replace('{', '{"__proto__":{"version":"9"},"note":[1,{"x":null}],');
    expect(await read(more)).toMatchObject({ kind: 'read' });
  });

  test('must not contain a key twice', async () => {
    const twice = text.replace('"version":"1"', '"version":"1","version":"1"');
    expect(await read(twice)).toMatchObject({ kind: 'unreadable', detail: 'has "version" twice', claimsFormat: true });
    const objectsTwice = text.replace('"objects":', '"objects":[],"objects":');
    expect(await read(objectsTwice)).toMatchObject({ kind: 'unreadable', detail: 'has "objects" twice' });
  });

  test('cannot fill the memory with anything but its objects', async () => {
    const hostile = `{"format":"backup-sync-manifest","more":[${'[],'.repeat(5000)}0]}`;
    expect(await read(hostile)).toMatchObject({
      kind: 'unreadable',
      detail: expect.stringContaining('more than 4096 keys and values'),
    });
  });

  test('that ends early is reported as truncated, with the fields read so far', async () => {
    const reading = await read(text.slice(0, 200));
    expect(reading).toMatchObject({ kind: 'unreadable', truncated: true, claimsFormat: true, version: '1' });
  });
});

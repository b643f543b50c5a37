import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareKeys } from '../../storage/key-order.ts';
import { RecordedPlaces } from './recorded-places.ts';

const entryOf = (key: string) => ({ key, size: 1, etag: null, modifiedAtMs: 0, archived: false });

async function* iterate<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

// Few letters, so that paths begin one another; one of them takes two UTF-16 units and four bytes.
const path = fc.array(fc.constantFrom('a', 'b', '-', '/', '\u{ff5e}', '\u{1f4be}'), { minLength: 1, maxLength: 6 });
const paths = fc
  .uniqueArray(
    path.map((units) => units.join('')),
    { maxLength: 12 },
  )
  .map((all) => all.toSorted(compareKeys));

test('whatever the listing and its pages, each place is missed exactly where nothing found lies at it', async () => {
  await fc.assert(
    fc.asyncProperty(
      paths,
      paths,
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom('cinder' as const, 'unknown' as const),
      fc.func(fc.boolean()),
      async (keys, recorded, pageSize, format, isMark) => {
        const places = new RecordedPlaces(iterate(recorded.map((imagePath) => ({ imagePath, format }))));
        const missed: { imagePath: string; isListed: boolean }[] = [];
        const found = new Set<string>();
        for (let start = 0; start < keys.length; start += pageSize) {
          const page = keys.slice(start, start + pageSize);
          await places.pass(page.map(entryOf));
          for (const key of page) {
            if (!isMark(key)) continue;
            // A mark tells of the place that is all of its key, or all but the last letter.
            for (const imagePath of [key, key.slice(0, -1)]) {
              found.add(imagePath);
              places.found(imagePath);
            }
          }
          missed.push(...places.takeMissed());
        }
        for await (const place of places.rest()) missed.push(place);
        const lies = (imagePath: string, key: string) =>
          format === 'unknown' ? key === imagePath || key.startsWith(`${imagePath}/`) : key.startsWith(imagePath);
        const expected = recorded
          .filter((imagePath) => !found.has(imagePath))
          .map((imagePath) => ({ imagePath, isListed: keys.some((key) => lies(imagePath, key)) }));
        const byPath = (one: { imagePath: string }, other: { imagePath: string }) =>
          compareKeys(one.imagePath, other.imagePath);
        expect(missed.map(({ imagePath, isListed }) => ({ imagePath, isListed })).toSorted(byPath)).toEqual(expected);
      },
    ),
  );
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parentsFirst } from './parents-first.ts';

/** Each backup's parent by index. A parent may come later, and there may be cycles. */
const forests = fc.array(fc.option(fc.nat({ max: 11 }), { nil: null }), { minLength: 1, maxLength: 12 });
const asked = fc.uniqueArray(fc.nat({ max: 11 }), { minLength: 1, maxLength: 12 });

/** The ancestors of a backup, the parent first. A cycle ends where it closes. */
function ancestorsOf(parents: readonly (number | null)[], backup: number): number[] {
  const way: number[] = [];
  let next = parents[backup] ?? null;
  while (next !== null && next !== backup && !way.includes(next)) {
    way.push(next);
    next = parents[next] ?? null;
  }
  return way;
}

async function orderOf(parents: readonly (number | null)[], items: readonly number[]) {
  const looked: number[] = [];
  const order: number[] = [];
  const sightings = parentsFirst(items, {
    idOf: String,
    look: async (item) => {
      looked.push(item);
      return ancestorsOf(parents, item).map(String);
    },
    ancestorIdsOf: (ids) => ids,
  });
  for await (const { item } of sightings) order.push(item);
  return { looked, order };
}

test('each item is examined once and yielded once, whatever builds on what', async () => {
  await fc.assert(
    fc.asyncProperty(forests, asked, async (parents, items) => {
      const { looked, order } = await orderOf(parents, items);
      expect(looked.toSorted()).toEqual(items.toSorted());
      expect(order.toSorted()).toEqual(items.toSorted());
    }),
  );
});

test('an ancestor in the request comes before its descendants', async () => {
  const trees = forests.map((parents) =>
    parents.map((parent, index) => (parent === null ? null : parent % (index + 1))),
  );
  await fc.assert(
    fc.asyncProperty(trees, asked, async (parents, items) => {
      const { order } = await orderOf(
        parents.map((parent, index) => (parent === index ? null : parent)),
        items,
      );
      for (const [place, item] of order.entries()) {
        const later = order.slice(place + 1);
        expect(ancestorsOf(parents, item).filter((ancestor) => later.includes(ancestor))).toEqual([]);
      }
    }),
  );
});

test('items that do not build on each other keep their order', async () => {
  await fc.assert(
    fc.asyncProperty(asked, async (items) => {
      expect((await orderOf([], items)).order).toEqual(items);
    }),
  );
});

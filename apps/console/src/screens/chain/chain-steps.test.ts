import { expect, test } from 'vitest';
import { picturesOf } from './chain-layout.ts';
import { directionOf, neighbourOf } from './chain-steps.ts';

/** Where the keys lead from a backup in this chain: `a b c d` with the branch `x y` from `b`, and `z` from `a`. */
function walk(from: string, ...keys: readonly string[]): string {
  const links = [
    ['a', null],
    ['b', 'a'],
    ['c', 'b'],
    ['d', 'c'],
    ['x', 'b'],
    ['y', 'x'],
    ['z', 'a'],
  ] as const;
  const newest = new Set(['c', 'd']);
  const [picture] = picturesOf(
    links.map(([id, parentId], index) => ({
      id,
      parentId,
      isIncrement: parentId !== null,
      takenAtMs: newest.has(id) ? 100 + index : index,
      fault: null,
    })),
  );
  const places = picture?.places ?? [];
  let place = places.find(({ link }) => link.id === from);
  for (const key of keys) {
    const direction = directionOf(key);
    if (place !== undefined && direction !== undefined) place = neighbourOf(places, place, direction) ?? place;
  }
  return place?.link.id ?? 'nowhere';
}

test.each([
  ['a', ['ArrowRight', 'ArrowRight'], 'c'],
  ['d', ['ArrowRight'], 'd'],
  ['c', ['ArrowLeft'], 'b'],
  ['a', ['ArrowLeft'], 'a'],
  ['x', ['ArrowLeft'], 'b'],
  ['c', ['ArrowDown'], 'x'],
  ['y', ['ArrowUp'], 'd'],
  ['x', ['ArrowDown', 'ArrowDown'], 'z'],
  ['x', ['Home'], 'a'],
  ['x', ['End'], 'd'],
  ['x', ['Tab', 'a'], 'x'],
])('from %s, the keys %j lead to %s', (from, keys, reached) => {
  expect(walk(from, ...keys)).toBe(reached);
});

test('full backups without increments follow each other', () => {
  const links = ['1', '2', '3'].map((id) => ({
    id,
    parentId: null,
    isIncrement: false,
    takenAtMs: Number(id),
    fault: null,
  }));
  const places = picturesOf(links)[0]?.places ?? [];
  const middle = places.find(({ link }) => link.id === '2');
  if (middle === undefined) throw new Error('the picture has no second backup');
  expect(neighbourOf(places, middle, 'left')?.link.id).toBe('1');
  expect(neighbourOf(places, middle, 'right')?.link.id).toBe('3');
});

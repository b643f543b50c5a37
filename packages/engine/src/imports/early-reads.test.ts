import { expect, test } from 'vitest';
import { TestClock } from '../testing/test-clock.ts';
import { EarlyReads } from './early-reads.ts';

function open(expectedIds: readonly string[]) {
  const clock = new TestClock(0);
  const read: string[] = [];
  let state = 'old';
  const reads = new EarlyReads<string>(expectedIds, clock, async (ids) => {
    read.push(ids.join(''));
    return new Map(ids.filter((id) => id !== 'x').map((id) => [id, `${id} ${state}`]));
  });
  const change = () => {
    state = 'new';
  };
  return { clock, read, reads, change, of: async (...ids: string[]) => [...(await reads.of(ids)).values()] };
}

test('the first read also gets what the others will need', async () => {
  const { read, of } = open(['a', 'b', 'x', 'c']);
  expect(await of('b')).toEqual(['b old']);
  expect([await of('a'), await of('x'), await of('c')]).toEqual([['a old'], [], ['c old']]);
  expect(read).toEqual(['baxc']);
});

test('what was read ahead is used once', async () => {
  const { read, of, change } = open(['a', 'b']);
  await of('a');
  change();
  expect([await of('b'), await of('b'), await of('a')]).toEqual([['b old'], ['b new'], ['a new']]);
  expect(read).toEqual(['ab', 'b', 'a']);
});

test('what was read ahead is used for a second only', async () => {
  const { clock, read, of, change } = open(['a', 'b', 'c']);
  await of('a');
  clock.timeMs += 1_000;
  change();
  expect([await of('b'), await of('c')]).toEqual([['b new'], ['c new']]);
  expect(read).toEqual(['abc', 'bc']);
});

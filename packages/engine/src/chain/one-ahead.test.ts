import { expect, test } from 'vitest';
import { oneAhead } from './one-ahead.ts';

/** Counts how many pieces were requested, and notes whether the source was released. */
function numbers(count: number, fault: Error | null = null) {
  const seen = { asked: 0, closed: false };
  async function* pieces(): AsyncGenerator<number> {
    try {
      for (let piece = 1; piece <= count; piece += 1) {
        seen.asked = piece;
        yield piece;
      }
      if (fault !== null) throw fault;
    } finally {
      seen.closed = true;
    }
  }
  return { seen, pieces: pieces() };
}

test('all pieces arrive in order, each requested before the previous one is finished', async () => {
  const { seen, pieces } = numbers(4);
  const found: number[] = [];
  for await (const piece of oneAhead(pieces)) {
    found.push(piece);
    expect(seen.asked).toBe(Math.min(piece + 1, 4));
  }
  expect(found).toEqual([1, 2, 3, 4]);
});

test('a fault arrives after the pieces before it', async () => {
  const fault = new Error('cut');
  const found: number[] = [];
  const reading = async () => {
    for await (const piece of oneAhead(numbers(2, fault).pieces)) found.push(piece);
  };
  await expect(reading()).rejects.toBe(fault);
  expect(found).toEqual([1, 2]);
});

test('a reader that leaves early releases the source, even if the piece ahead fails', async () => {
  const { seen, pieces } = numbers(1, new Error('cut'));
  for await (const _ of oneAhead(pieces)) break;
  expect(seen.closed).toBe(true);
});

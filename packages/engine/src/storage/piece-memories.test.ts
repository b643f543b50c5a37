import { expect, test } from 'vitest';
import { PieceMemoryPool } from './piece-memories.ts';

const mebibyte = 1024 * 1024;

test('memory for the pieces of an object is small next to it, and is used again', () => {
  const pool = new PieceMemoryPool();
  const sizes = [1, 4 * mebibyte, 16 * mebibyte, 1024 * mebibyte].map((bytes) => pool.take(bytes));
  expect(sizes.map((memories) => memories.map(({ length }) => length / mebibyte))).toEqual([
    [0.25, 0.25],
    [0.25, 0.25],
    [0.5, 0.5],
    [1, 1],
  ]);
  for (const memories of sizes) pool.free(memories);
  expect(pool.take(1024 * mebibyte)).toBe(sizes[3]);
});

test('of memory that many objects have used at a time, only some is kept', () => {
  const pool = new PieceMemoryPool();
  const once = Array.from({ length: 400 }, () => pool.take(1));
  for (const memories of once) pool.free(memories);
  const again = Array.from({ length: 400 }, () => pool.take(1));
  const kept = again.filter((memories) => once.includes(memories));
  expect(kept.length).toBeGreaterThan(0);
  expect(kept.length).toBeLessThan(40);
});

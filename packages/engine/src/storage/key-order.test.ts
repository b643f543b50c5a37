import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareKeys } from './key-order.ts';

test('keys sort by their bytes, whatever their characters', () => {
  const unit = fc.constantFrom(
    'a',
    'b',
    '/',
    'é',
    '\uFFFD',
    '\uFFFF',
    '\uE000',
    '\uD7FF',
    '\u{1F600}',
    '\u{10FFFF}',
    '\uD83D',
    '\uDE00',
  );
  const key = fc.string({ unit, maxLength: 4 });
  fc.assert(
    fc.property(key, key, (one, other) => {
      const order = Math.sign(compareKeys(one, other));
      expect(order).toBe(Buffer.compare(Buffer.from(one), Buffer.from(other)));
    }),
    { numRuns: 2000 },
  );
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NumberColumn } from './number-column.ts';

test('returns every whole number, however many there are and however far apart', () => {
  const values = fc.oneof(
    fc.nat(10),
    fc.nat(70_000),
    fc.nat(2 ** 32),
    fc.maxSafeNat(),
    fc.constant(Number.MAX_SAFE_INTEGER),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(values, fc.nat(3000)), { minLength: 1, maxLength: 30 }), (stretches) => {
      const column = new NumberColumn();
      const expected = stretches.flatMap(([value, repeats]) => Array<number>(repeats + 1).fill(value));
      for (const [row, value] of expected.entries()) column.set(row, value);
      expect(expected.map((_, row) => column.at(row))).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});

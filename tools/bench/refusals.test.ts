import fc from 'fast-check';
import { expect, test } from 'vitest';
import { measureRefusals } from './measure-refusals.ts';
import { pairedDifference } from './paired-difference.ts';
import { prepareRefusals } from './refusal-cases.ts';

test('every case is refused, and cases that must look alike get the same answer', async () => {
  await using refusals = await prepareRefusals();
  const lines: string[] = [];
  for (const group of refusals.groups) {
    await measureRefusals(refusals.gateway.endpoint, group, group.title === 'passwords' ? 1 : 5, (line) =>
      lines.push(line),
    );
  }
  const named = refusals.groups.flatMap(({ cases }) => cases.map(({ name }) => name));
  expect(named.filter((name) => !lines.some((line) => line.startsWith(`  ${name} `)))).toEqual([]);
  const others = lines
    .filter((line) => line.includes('; 4'))
    .map((line) => /^ {2}(.*?) {2}.*; (\d+)/.exec(line)?.slice(1));
  expect(others).toEqual([
    ['empty', '401'],
    ['of another project', '403'],
  ]);
  expect(refusals.gateway.faults).toEqual([]);
});

test('the interval of a difference contains what was added, and moves with it', () => {
  const noise = fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 100, maxLength: 300 });
  fc.assert(
    fc.property(noise, fc.integer({ min: -1_000, max: 1_000 }), (baseline, added) => {
      const values = baseline.map((value) => value + added);
      expect(pairedDifference(values, baseline)).toEqual({ median: added, low: added, high: added });
    }),
  );
});

test('the interval comes from the sign test', () => {
  const values = Array.from({ length: 100 }, (_, index) => index);
  // Of 100 fair coins, 38 to 63 fall on one side in 99.1 % of all tries.
  const { median, low, high } = pairedDifference(
    values,
    values.map(() => 0),
  );
  expect({ median, low, high }).toEqual({ median: 49, low: 37, high: 63 });
});

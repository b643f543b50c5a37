import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Pair, PairTrials } from '../../testing/step-pairs/pair-trials.ts';
import { steps } from '../steps.ts';

/**
 * Pairs that once had an outcome of no order. `pnpm run pairs` runs all pairs; see CONTRIBUTING.md.
 */
const onceWrong: readonly (readonly [string, string])[] = [
  ['finishImport (the last of a scan)', 'cancelOperation (a scan that imports)'],
  ['finishOperation (a run)', 'removeSource (with a run that lists)'],
  ['startOperation (a run)', 'removeSource (with a run that waits)'],
  ['finishOperation (a run)', 'updateSource (a narrower prefix)'],
  ['finishListing (a run)', 'recordVerdict (d, and breaks c)'],
  ['pauseSource', 'resumeSource'],
];

/** Of the other pairs, every one of this number is in the sample. */
const sampleOneIn = 240;

describe('pairs of steps at once on PostgreSQL', () => {
  let trials: PairTrials;
  let pairs: readonly Pair[];
  beforeAll(async () => {
    trials = await PairTrials.open();
    pairs = await trials.pairs();
  });
  afterAll(() => trials[Symbol.asyncDispose]());

  test('every step that writes has a scenario', () => {
    const writing = Object.entries(steps).flatMap(([name, { access }]) => (access === 'write' ? [name] : []));
    expect(new Set(trials.scenarios.map(({ step }) => step))).toEqual(new Set(writing));
  });

  test.each(onceWrong)('%s and %s have the outcome of one order', async (one, other) => {
    const pair = pairs.find(
      (each) =>
        each
          .map(({ name }) => name)
          .toSorted()
          .join() === [one, other].toSorted().join(),
    );
    if (pair === undefined) throw new Error('the steps share no table');
    expect(await trials.findFaults(pair)).toEqual([]);
  });

  test('a sample of the other pairs has the outcome of one order', async () => {
    for (const pair of pairs.filter((_, index) => index % sampleOneIn === 0)) {
      expect(await trials.findFaults(pair)).toEqual([]);
    }
  }, 180_000);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decideRemovals, type RunFacts } from './decide-removals.ts';

const facts: RunFacts = {
  records: 10,
  absent: 1,
  due: 1,
  held: 0,
  heldDue: 0,
  seen: 9,
  removalShare: 0.2,
  isHeld: false,
  isConfirmed: false,
};

describe('after a complete listing', () => {
  test.each<[string, Partial<RunFacts>, ReturnType<typeof decideRemovals>]>([
    ['nothing is missing', { absent: 0, due: 0 }, { kind: 'none' }],
    ['one is missing for the first time', { due: 0 }, { kind: 'none' }],
    ['one was missing twice', {}, { kind: 'mark' }],
    ['as many as the share are missing', { absent: 2, due: 2, seen: 8 }, { kind: 'hold', cause: 'too_many' }],
    ['one is due, and many more are missing', { absent: 5, seen: 5 }, { kind: 'hold', cause: 'too_many' }],
    ['nothing is listed', { absent: 10, due: 0, seen: 0 }, { kind: 'hold', cause: 'empty_listing' }],
    ['nothing is listed of one record', { records: 1, seen: 0 }, { kind: 'hold', cause: 'empty_listing' }],
    ['the share is nothing, and one is missing', { removalShare: 0 }, { kind: 'mark' }],
    ['removals are held already', { isHeld: true, held: 1 }, { kind: 'none' }],
    ['all that was held is back', { absent: 0, due: 0, isHeld: true }, { kind: 'release' }],
    ['all that was held is back, and another is missing', { isHeld: true }, { kind: 'release' }],
    ['nothing is listed while removals are held', { isHeld: true, seen: 0, held: 10 }, { kind: 'none' }],
    ['removals were confirmed', { isHeld: true, isConfirmed: true, held: 9, heldDue: 9 }, { kind: 'mark_confirmed' }],
    ['what was confirmed is back', { isHeld: true, isConfirmed: true }, { kind: 'none' }],
  ])('%s', (_, change, decision) => {
    expect(decideRemovals({ ...facts, ...change })).toEqual(decision);
  });
});

/** A run: what it lists, and how it ends. */
const run = fc.record({
  listed: fc.uniqueArray(fc.integer({ min: 0, max: 19 })),
  ending: fc.constantFrom('complete', 'incomplete', 'stopped after counting'),
  isConfirmed: fc.boolean(),
});

type Model = { absences: Map<number, number>; held: Set<number> | null; countedBy: number };

test('no sequence of listings, failures and restarts marks too many, too early, or a listed backup', () => {
  fc.assert(
    fc.property(fc.array(run, { maxLength: 30 }), fc.double({ min: 0, max: 1, noNaN: true }), (runs, removalShare) => {
      const model: Model = { absences: new Map(), held: null, countedBy: -1 };
      const completeListings: ReadonlySet<number>[] = [];
      for (const [index, { listed, ending, isConfirmed }] of runs.entries()) {
        const seen = new Set(listed);
        // Sightings are recorded while the listing runs, whether or not it completes.
        for (const id of seen) {
          model.absences.set(id, 0);
          model.held?.delete(id);
        }
        if (ending === 'incomplete') continue;
        completeListings.push(seen);
        // A run stopped after it has counted starts again, and does not count twice.
        const tries = ending === 'stopped after counting' ? 2 : 1;
        for (let attempt = 0; attempt < tries; attempt += 1) {
          const marked = conclude(
            model,
            index,
            seen,
            removalShare,
            isConfirmed && model.held !== null,
            attempt + 1 < tries,
          );
          for (const id of marked) {
            const [before, now] = completeListings.slice(-2);
            expect(before?.has(id)).toBe(false);
            expect(now?.has(id)).toBe(false);
          }
        }
      }
    }),
  );
});

function conclude(
  model: Model,
  index: number,
  seen: ReadonlySet<number>,
  removalShare: number,
  isConfirmed: boolean,
  isStopped: boolean,
): readonly number[] {
  if (model.countedBy !== index) {
    for (const [id, absences] of model.absences) if (!seen.has(id)) model.absences.set(id, absences + 1);
    model.countedBy = index;
  }
  if (isStopped) return [];
  const absent = [...model.absences].filter(([, absences]) => absences > 0).map(([id]) => id);
  const due = absent.filter((id) => (model.absences.get(id) ?? 0) >= 2);
  const heldDue = due.filter((id) => model.held?.has(id) ?? false);
  const records = model.absences.size;
  const decision = decideRemovals({
    records,
    absent: absent.length,
    due: due.length,
    held: absent.filter((id) => model.held?.has(id) ?? false).length,
    heldDue: heldDue.length,
    seen: seen.size,
    removalShare,
    isHeld: model.held !== null,
    isConfirmed,
  });
  if (decision.kind === 'hold') {
    model.held = new Set(absent);
    return [];
  }
  const marked = decision.kind === 'mark' ? due : decision.kind === 'mark_confirmed' ? heldDue : [];
  if (isConfirmed || decision.kind === 'release') model.held = null;
  else if (marked.length > 0) {
    expect(seen.size).toBeGreaterThan(0);
    expect(marked.length === 1 || marked.length < removalShare * records).toBe(true);
  }
  for (const id of marked) model.absences.delete(id);
  return marked;
}

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ReadWindow, type WindowShare } from './read-window.ts';

const kib = 1024;
const own = 512 * kib;

type OpenObject = { share: WindowShare | null; readonly total: number; allowed: number; taken: number };

function openIn(window: ReadWindow, total: number): OpenObject {
  const object: OpenObject = { share: null, total, allowed: 0, taken: 0 };
  object.share = window.open(total, (bytes) => {
    object.allowed += bytes;
  });
  return object;
}

test('the object opened first gets the shared bytes, and every object has some of its own', () => {
  const window = new ReadWindow(1024 * kib);
  const [first, second, third] = [openIn(window, 4096 * kib), openIn(window, 4096 * kib), openIn(window, 100)];
  expect([first, second, third].map(({ allowed }) => allowed)).toEqual([own + 1024 * kib, own, 100]);
  if (first.share === null) throw new Error('it was just opened');
  window.close(first.share);
  expect(second.allowed).toBe(own + 1024 * kib);
});

test('reading ahead stays within its limit and never stalls, in any order of opening, taking and closing', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('open' as const), total: fc.integer({ min: 1, max: 8192 * kib }) }),
    fc.record({
      kind: fc.constant('take' as const),
      place: fc.nat(9),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    fc.record({ kind: fc.constant('close' as const), place: fc.nat(9) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 0, max: 4096 * kib }), (steps, shared) => {
      const window = new ReadWindow(shared);
      const objects: OpenObject[] = [];
      for (const each of steps) {
        if (each.kind === 'open') objects.push(openIn(window, each.total));
        else {
          const object = objects[each.place];
          if (object === undefined || object.share === null) continue;
          if (each.kind === 'close') {
            window.close(object.share);
            objects.splice(each.place, 1);
          } else {
            const bytes = Math.floor((object.allowed - object.taken) * each.share);
            object.taken += bytes;
            window.take(object.share, bytes);
          }
        }
        let beyond = 0;
        for (const { allowed, taken, total } of objects) {
          expect(allowed).toBeLessThanOrEqual(total);
          expect(allowed - taken).toBeGreaterThanOrEqual(Math.min(own, total - taken));
          beyond += Math.max(0, allowed - taken - own);
        }
        expect(beyond).toBeLessThanOrEqual(shared);
      }
    }),
  );
});

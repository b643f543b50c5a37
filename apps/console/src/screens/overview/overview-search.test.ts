import { expect, test } from 'vitest';
import { overviewSearch } from './overview-search.ts';

test('every filter of the address is kept', () => {
  const filters = { level: 'replay', age: '26h', standing: 'late', source: 'a', name: 'b', marker: 'c' };
  expect(overviewSearch(filters)).toEqual(filters);
});

test.each<[Record<string, unknown>, string]>([
  [{ level: 'linkage' }, 'the usual level'],
  [{ level: 'toString', age: '__proto__', standing: 'none' }, 'what is no choice'],
  [{ standing: 'late' }, 'a standing that needs a maximum age, without one'],
  [{ age: 26, level: ['replay'], source: {}, name: '', marker: null }, 'what is no text'],
  [{ another: 'x' }, 'what is no filter'],
])('%j leaves no filter: %s', (search, _what) => {
  expect(overviewSearch(search)).toEqual({});
});

test.each<[unknown, string]>([
  [7, '7'],
  [true, 'true'],
  [false, 'false'],
])('a name that the router reads as %j stays the name', (given, name) => {
  expect(overviewSearch({ name: given })).toEqual({ name });
});

import { expect, test } from 'vitest';
import { chainSearch, searchOf } from './chain-search.ts';

test('a resource is judged as on the overview that leads to it', () => {
  const overview = { level: 'replay', age: '26h', standing: 'late', source: 'a', name: 'b', marker: 'c' };
  expect(chainSearch(overview)).toEqual({ level: 'replay', age: '26h' });
});

test.each<[unknown, string]>([
  [1, '1'],
  [true, 'true'],
])('an id that the router reads as %j stays the id', (given, backup) => {
  expect(chainSearch({ backup: given })).toEqual({ backup });
});

test('what is no choice is left out', () => {
  expect(chainSearch({ backup: '', level: 'toString', age: '1h' })).toEqual({});
});

test('another backup is judged in the same way', () => {
  const before = { backup: 'a', level: 'replay', age: '26h' };
  expect(searchOf('b', before)).toEqual({ backup: 'b', level: 'replay', age: '26h' });
  expect(searchOf(undefined, before)).toEqual({ level: 'replay', age: '26h' });
});

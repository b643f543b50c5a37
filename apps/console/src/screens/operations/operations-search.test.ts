import { expect, test } from 'vitest';
import { operationSearch, operationsSearch } from './operations-search.ts';

test('filters are read from the address', () => {
  const search = { kind: 'source_run', status: 'failed', backup: 'a/b?', marker: 'id', day: '2026-03-01' };
  expect(operationsSearch(search)).toEqual(search);
});

test('an id of digits stays an id', () => {
  expect(operationsSearch({ backup: 4711 })).toEqual({ backup: '4711' });
});

test('what is no filter is ignored', () => {
  const search = { kind: 'party', status: 'skipped', backup: { id: 1 }, marker: '', day: 'today', other: 1 };
  expect(operationsSearch(search)).toEqual({});
  expect(operationSearch({ after: '7' })).toEqual({});
  expect(operationSearch({ after: -1 })).toEqual({});
  expect(operationSearch({ after: 50 })).toEqual({ after: 50 });
});

import { expect, test } from 'vitest';
import { importSearch } from './import-search.ts';

test('the step and its place are read from the address', () => {
  const search = { step: 'bucket', bucket: 'b', prefix: 'a/', template: '{backup_id}', plan: 'id', after: 50 };
  expect(importSearch(search)).toEqual(search);
  expect(importSearch({ step: 'plan', class: 'broken', page: 3 })).toEqual({ step: 'plan', class: 'broken', page: 3 });
});

test('what is no step and no place is ignored', () => {
  expect(importSearch({ step: 'party', bucket: ['b'], page: 0, after: 'x', other: 1 })).toEqual({});
});

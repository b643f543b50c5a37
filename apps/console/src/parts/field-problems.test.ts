import { expect, test } from 'vitest';
import { placesAt, problemAt } from './field-problems.ts';

const problems = [
  { place: 'name', message: 'must have 1 to 64 characters, has 0' },
  { place: 'bucket_names[0]', message: 'has a "/"' },
  { place: 'bucket_names[1]', message: 'is too long' },
  { place: 'name_of_another', message: 'is unknown' },
];

test('a field shows its own problems, and those within it', () => {
  expect(problemAt(problems, 'name')).toBe('must have 1 to 64 characters, has 0');
  expect(problemAt(problems, 'bucket_names')).toBe('has a "/"; is too long');
  expect(problemAt(problems, 'prefix')).toBeUndefined();
});

test('what belongs to no field is left for the notice', () => {
  expect(placesAt(problems, ['name', 'bucket_names'])).toEqual(['name', 'bucket_names[0]', 'bucket_names[1]']);
});

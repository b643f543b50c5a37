import { expect, test } from 'vitest';
import { progressFacts, resultFacts } from './operation-result.ts';

test('counts have names, bytes have units, and an unknown count is shown by its own name', () => {
  expect(progressFacts({ objects_listed: 12_400, stored_bytes: 2048, snow_flakes: 3 })).toEqual([
    { name: 'Objects listed', value: '12,400' },
    { name: 'Stored data read', value: '2.0 KiB' },
    { name: 'snow flakes', value: '3' },
  ]);
});

test('an import says what it did to the catalogue', () => {
  const result = { outcome: 'created', level: 'linkage', time_contradiction: null };
  expect(resultFacts({ kind: 'import', result })).toEqual([
    { name: 'Catalogue', value: 'A record was created' },
    { name: 'Level', value: 'linkage' },
  ]);
});

test('a plan says what an import would cost', () => {
  const forecast = { lists: 3, gets: 1, bytes_read: 12_288, seconds: null };
  const result = { objects: 40, classes: { new: 4, broken: 1 }, forecast };
  expect(resultFacts({ kind: 'plan', result }).map(({ value }) => value)).toEqual([
    '40',
    '4 new, 1 broken',
    '3 LIST and 1 GET request, read 12.0 KiB, and take a time that is not known yet',
  ]);
});

test('a run of a source shows what it found, without zeros', () => {
  const result = { objects: 0, passedOver: 0, found: 2, states: { new: 2 }, vanished: 0, held: true };
  expect(resultFacts({ kind: 'source_run', result })).toEqual([
    { name: 'Objects listed', value: '0' },
    { name: 'Backups found', value: '2' },
    { name: 'Backups by state', value: '2 new' },
    { name: 'Removals wait for confirmation', value: 'yes' },
  ]);
});

test.each([null, 7, ['x']])('the result %j is none', (result) => {
  expect(resultFacts({ kind: 'scan', result })).toEqual([]);
});

import { expect, test } from 'vitest';
import { nameBackup } from './name-backup.ts';

const renamed = { backupName: 'before the migration', requestedName: 'nightly' };
const asRequested = { backupName: 'nightly', requestedName: null };

test('a backup that nobody has renamed has the name that it is imported with', () => {
  expect(nameBackup('nightly', true, null)).toEqual(asRequested);
  expect(nameBackup('weekly', true, asRequested)).toEqual({ backupName: 'weekly', requestedName: null });
  expect(nameBackup('volume-7', false, null)).toEqual({ backupName: 'volume-7', requestedName: null });
});

test('the name that a person has set stays while requests bring the name from before', () => {
  expect(nameBackup('nightly', true, renamed)).toEqual(renamed);
});

test('a request with another name than the one before takes the place of the name that a person has set', () => {
  expect(nameBackup('weekly', true, renamed)).toEqual({ backupName: 'weekly', requestedName: null });
});

test('what a scan calls a recorded backup never takes the place of the name that it has', () => {
  expect(nameBackup('volume-7', false, renamed)).toEqual(renamed);
  expect(nameBackup('volume-7', false, asRequested)).toEqual(asRequested);
});

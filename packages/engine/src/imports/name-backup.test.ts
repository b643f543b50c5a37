import { expect, test } from 'vitest';
import { nameBackup } from './name-backup.ts';

const renamed = { backupName: 'before the migration', requestedName: 'nightly' };
const asRequested = { backupName: 'nightly', requestedName: null };

test('a backup that nobody has renamed has the name from its import', () => {
  expect(nameBackup('nightly', true, null)).toEqual(asRequested);
  expect(nameBackup('weekly', true, asRequested)).toEqual({ backupName: 'weekly', requestedName: null });
  expect(nameBackup('volume-7', false, null)).toEqual({ backupName: 'volume-7', requestedName: null });
});

test('a name set by a person stays while requests repeat the previous name', () => {
  expect(nameBackup('nightly', true, renamed)).toEqual(renamed);
});

test('a request with another name than the previous one replaces the name set by a person', () => {
  expect(nameBackup('weekly', true, renamed)).toEqual({ backupName: 'weekly', requestedName: null });
});

test('the name in a scan never replaces that of a recorded backup', () => {
  expect(nameBackup('volume-7', false, renamed)).toEqual(renamed);
  expect(nameBackup('volume-7', false, asRequested)).toEqual(asRequested);
});

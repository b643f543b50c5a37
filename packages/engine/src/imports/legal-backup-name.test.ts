import { backupSync } from '@backup-sync/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { legalBackupName } from './legal-backup-name.ts';

test('a legal name stays, and a backup without a name gets its id', () => {
  expect(legalBackupName('日次', 'id')).toBe('日次');
  expect(legalBackupName(null, 'id')).toBe('id');
  expect(legalBackupName('', 'id')).toBe('id');
});

test('any original name becomes a legal one, and different long names stay different', () => {
  const nameSchema = backupSync.shape.backup_name;
  const names = fc.string({ unit: 'binary', maxLength: 300 });
  fc.assert(
    fc.property(names, (name) => {
      expect(nameSchema.safeParse(legalBackupName(name, 'id')).success).toBe(true);
    }),
  );
  const long = 'x'.repeat(70);
  expect(legalBackupName(`${long}1`, 'id')).not.toBe(legalBackupName(`${long}2`, 'id'));
});

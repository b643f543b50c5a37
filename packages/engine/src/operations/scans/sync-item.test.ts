import fc from 'fast-check';
import { expect, test } from 'vitest';
import { legalBackupName } from './sync-item.ts';

test('a derived name is always legal, and a legal one stays as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.uuid(), (name, id) => {
      const derived = legalBackupName(name, id);
      const length = Array.from(derived).length;
      expect(length).toBeGreaterThan(0);
      expect(length).toBeLessThanOrEqual(64);
      if (name !== '' && Array.from(name).length <= 64) expect(derived).toBe(name.toWellFormed());
    }),
  );
});

test('long names that begin alike stay apart', () => {
  const names = ['1', '2'].map((end) => legalBackupName(`${'x'.repeat(100)}${end}`, 'id'));
  expect(new Set(names).size).toBe(2);
  expect(names[0]).toMatch(/^x{55}-[0-9a-f]{8}$/);
});

test('a backup without a name is named by its id', () => {
  expect(legalBackupName(null, 'id')).toBe('id');
  expect(legalBackupName('', 'id')).toBe('id');
});

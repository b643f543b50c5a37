import type { BackupSync } from '@backup-sync/contracts';
import { expect, test } from 'vitest';
import { batchFrom } from './batches.ts';

const items = (...ids: readonly string[]) => ids.map((backup_id) => ({ backup_id }) as BackupSync);
const idsOf = (batch: readonly BackupSync[]) => batch.map(({ backup_id }) => backup_id);

test('a call carries at most 50 items', () => {
  const list = items(...Array.from({ length: 60 }, (_, index) => String(index)));
  expect(batchFrom(list, 0)).toHaveLength(50);
  expect(idsOf(batchFrom(list, 50))).toEqual(['50', '51', '52', '53', '54', '55', '56', '57', '58', '59']);
});

test('a backup that is listed again goes into a later call', () => {
  const list = items('a', 'b', 'a', 'c');
  expect(idsOf(batchFrom(list, 0))).toEqual(['a', 'b']);
  expect(idsOf(batchFrom(list, 2))).toEqual(['a', 'c']);
});

test('behind the end is nothing', () => {
  expect(batchFrom(items('a'), 1)).toEqual([]);
});

import type { Operation } from '@backup-sync/contracts';
import { expect, test } from 'vitest';
import { ImportTally } from './import-tally.ts';

const missing = {
  code: 'path_not_found',
  number: 'BackupSync.2001',
  message: 'nothing is stored at the image path: a/b',
  remedy: 'Compare.',
  retry: 'final',
} as const;

function operation(id: string, status: Operation['status'], reason: Operation['reason'] = null): Operation {
  return { id, status, reason, backup_id: `backup of ${id}`, backup_name: null } as Operation;
}

function accepted(...ids: readonly string[]): ImportTally {
  const tally = new ImportTally();
  for (const id of ids) tally.accept(id);
  return tally;
}

test('imports are counted by how they stand', () => {
  const tally = accepted('a', 'b', 'c', 'c');
  tally.note(operation('a', 'running'));
  tally.note(operation('b', 'success'));
  tally.note(operation('stranger', 'success'));
  expect(tally.counts).toEqual({ waiting: 1, running: 1, success: 1, failed: 0 });
  expect([tally.accepted, tally.open]).toEqual([3, 2]);
});

test('news that arrive late do not undo an end', () => {
  const tally = accepted('a');
  tally.note(operation('a', 'success'));
  expect(tally.note(operation('a', 'running'))).toBe(false);
  expect(tally.counts.success).toBe(1);
  expect(tally.isOpen('a')).toBe(false);
});

test('failures are grouped by reason, and only some are named', () => {
  const ids = Array.from({ length: 8 }, (_, index) => `operation-${index}`);
  const tally = accepted(...ids, 'late');
  for (const id of ids) tally.note(operation(id, 'failed', missing));
  tally.note(operation('late', 'timeout', { ...missing, code: 'deadline_exceeded' }));
  expect(tally.failures.map(({ reason, count }) => [reason.code, count])).toEqual([
    ['path_not_found', 8],
    ['deadline_exceeded', 1],
  ]);
  expect(tally.failures[0]?.named).toHaveLength(5);
  expect(tally.failures[0]?.named[0]).toMatchObject({ id: 'operation-0', name: 'backup of operation-0' });
});

test('an import that ends before the answer that accepts it is counted', () => {
  const tally = accepted('a');
  tally.note(operation('quick', 'success'));
  expect(tally.counts.success).toBe(0);
  tally.accept('quick');
  expect(tally.counts).toEqual({ waiting: 1, running: 0, success: 1, failed: 0 });
});

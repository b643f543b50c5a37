import type { CbrOperationLog } from '@backup-sync/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { progressLine, SyncTally } from './sync-tally.ts';

describe('the progress of a sync', () => {
  test.each([
    [{ accepted: 0, ended: 0, failed: 0 }, 5, 0, '0 of 5 ended (0%)'],
    [
      { accepted: 9000, ended: 1200, failed: 3 },
      10_000,
      20_000,
      '1,200 of 10,000 ended (12%), 60/s, about 2 min left, 3 failed',
    ],
    [{ accepted: 5, ended: 5, failed: 0 }, 5, 10_000, '5 of 5 ended (100%), 0.5/s'],
    [{ accepted: 1500, ended: 20, failed: 1 }, null, 1000, '20 ended of 1,500 accepted, 20/s, 1 failed'],
  ])('%j of %s after %i ms reads %s', (counts, total, elapsedMs, line) => {
    expect(progressLine(counts, total, elapsedMs)).toBe(line);
  });

  test('fits a narrow terminal whatever the counts', () => {
    const count = fc.nat(100_000);
    fc.assert(
      fc.property(count, count, count, fc.integer({ min: 1, max: 1e8 }), (accepted, ended, failed, elapsedMs) => {
        const line = progressLine({ accepted, ended, failed }, accepted + ended, elapsedMs);
        expect(line.length).toBeLessThanOrEqual(80);
      }),
    );
  });
});

test('backups with contradicting times are counted, and the first ten named', () => {
  const tally = new SyncTally();
  const add = (id: string, time_contradiction: string | null) => {
    const backup_sync = {
      outcome: 'created',
      message: '',
      level: null,
      reason: null,
      waiting_for: null,
      requests: null,
    } as const;
    const log: CbrOperationLog = {
      id,
      checkpoint_id: null,
      created_at: '2026-03-01T02:00:00.000000',
      started_at: null,
      ended_at: null,
      updated_at: null,
      error_info: null,
      extra_info: null,
      operation_type: 'sync',
      policy_id: null,
      project_id: null,
      provider_id: null,
      vault_id: null,
      vault_name: null,
      status: 'success',
      backup_sync: { ...backup_sync, time_contradiction },
    };
    tally.add(log);
  };
  add('agrees', null);
  expect(tally.contradictions()).toBe('');
  for (let index = 0; index < 12; index += 1) add(`log-${index}`, 'One time, and another.');
  const lines = tally.contradictions().split('\n');
  expect(lines.slice(0, 2)).toEqual(['times contradict each other: 12', '  log-0: One time, and another.']);
  expect(lines.slice(-2)).toEqual(['  log-9: One time, and another.', '  and 2 more']);
});

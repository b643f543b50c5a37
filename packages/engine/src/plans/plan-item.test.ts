import { type BackupSync, type ReasonCode, reasonCodes, syncOutcomes } from '@backup-sync/contracts';
import { describe, expect, test } from 'vitest';
import type { Decision } from '../catalogue/backup-records.ts';
import type { Seen } from '../imports/chain-look.ts';
import { planItem } from './plan-item.ts';

const item: BackupSync = {
  backup_id: 'b1',
  backup_name: 'daily',
  bucket_name: 'bucket',
  image_path: 'a/b',
  resource_id: 'r1',
  resource_name: 'vm',
  resource_type: 'OS::Native::Server',
  created_at: 1_700_000_000,
};
const unseen: Seen = {
  kind: 'unseen',
  fault: { code: 'internal', detail: '' },
  requests: { lists: 1, gets: 0, bytesRead: 0 },
};

function decision(outcome: Decision['outcome'], reasonCode: ReasonCode | null): Decision {
  return {
    status: reasonCode === null ? 'success' : 'failed',
    outcome,
    message: 'what the sync says at the end',
    fault: reasonCode === null ? null : { code: reasonCode, detail: 'a/b' },
    timeContradiction: null,
    level: 'inventory',
    incremental: null,
    record: null,
    proofs: [],
  };
}

describe('an item that would succeed', () => {
  test.each([
    ['created', 'new'],
    ['unchanged', 'same'],
    ['verified', 'same'],
    ['updated', 'changed'],
    ['superseded', 'changed'],
    ['moved', 'moved'],
  ] as const)('and is %s is %s', (outcome, expected) => {
    const planned = planItem(item, unseen, null, decision(outcome, null), false);
    expect(planned).toMatchObject({ backup_id: 'b1', class: expected, outcome, level: 'inventory', reason: null });
  });

  test('says if its block hashes are still to be read', () => {
    const planned = planItem(item, unseen, null, decision('created', null), true);
    expect(planned.message).toBe('would be recorded unless its block hashes show a fault');
  });
});

describe('an item that would fail', () => {
  const failing = ['conflicting', 'incomplete', 'broken', 'absent', 'unreadable'];

  test.each(reasonCodes)('for %s is never called whole, whatever happens to its record', (code) => {
    for (const outcome of syncOutcomes) {
      const planned = planItem(item, unseen, null, decision(outcome, code), false);
      expect(failing).toContain(planned.class);
      expect(planned.reason?.code).toBe(code);
    }
  });
});

test('the message of an item says if its times contradict each other', () => {
  const timeContradiction = 'The request says one time, the metadata another.';
  const planned = planItem(item, unseen, null, { ...decision('created', null), timeContradiction }, false);
  expect(planned.message).toBe(`would be recorded. ${timeContradiction}`);
});

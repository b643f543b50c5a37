import type { Source } from '@backup-sync/contracts';
import { describe, expect, test } from 'vitest';
import { standingOf, worstFirst } from './source-standing.ts';

const nowMs = Date.UTC(2026, 2, 10, 12);
const minuteMs = 60_000;
const at = (minutes: number) => `${new Date(nowMs + minutes * minuteMs).toISOString().slice(0, -1)}000`;

const reason = {
  code: 'vanished',
  number: 'BackupSync.2001',
  message: 'it is gone',
  remedy: 'bring it back',
  retry: 'final',
} as const;
const goodRun = { status: 'success', reason: null, objects_listed: 4, ended_at: at(-10) } as const;
const hold = { cause: 'too_many', since: at(-60), operation_id: null, message: 'm', remedy: 'r' } as const;

/** A source that runs each hour and is fine, with changes. */
function source(changes: Partial<Source> = {}): Source {
  return {
    id: changes.name ?? 'fine',
    name: 'fine',
    bucket_name: 'bucket',
    prefix: '',
    format: null,
    path_template: null,
    level: 'linkage',
    interval_s: 3600,
    reverify_after_s: null,
    removal_share: 0.2,
    incomplete_after_s: 86_400,
    status: 'active',
    paused: false,
    held: null,
    created_at: at(-10_000),
    next_run_at: at(50),
    last_run_id: 'run',
    last_run: goodRun,
    last_good_sync_at: at(-11),
    ...changes,
  };
}

describe('a source', () => {
  test.each<[string, Partial<Source>]>([
    ['fine', {}],
    ['held', { held: hold, status: 'held', paused: true }],
    ['failing', { last_run: { ...goodRun, status: 'failed' } }],
    ['failing', { last_run: { ...goodRun, status: 'timeout' }, paused: true }],
    ['failing', { last_run: { ...goodRun, status: 'failed', reason } }],
    // The run succeeded: the reason is that of a backup.
    ['errors', { last_run: { ...goodRun, reason } }],
    ['errors', { last_run: { ...goodRun, status: 'running', reason, ended_at: null } }],
    ['late', { last_run: { ...goodRun, reason }, next_run_at: at(-6) }],
    ['late', { next_run_at: at(-6) }],
    ['fine', { next_run_at: at(-4) }],
    ['late', { last_good_sync_at: at(-126) }],
    ['fine', { last_good_sync_at: at(-124) }],
    ['late', { last_good_sync_at: null, created_at: at(-126) }],
    ['paused', { next_run_at: at(-600), last_good_sync_at: null, paused: true, status: 'paused' }],
    // A run in progress is not late because the next one was due meanwhile.
    ['running', { next_run_at: at(-30), last_run: { ...goodRun, status: 'running', ended_at: null } }],
    ['running', { last_run: { ...goodRun, status: 'running', ended_at: null, objects_listed: 0 }, paused: true }],
    // A source that has been failing for long does not look better because it tries again.
    ['late', { last_run: { ...goodRun, status: 'running', ended_at: null }, last_good_sync_at: at(-126) }],
    ['fine', { interval_s: null, next_run_at: null, last_good_sync_at: at(-9000) }],
    ['new', { interval_s: null, next_run_at: null, last_run: null, last_run_id: null, last_good_sync_at: null }],
    ['empty', { interval_s: null, next_run_at: null, last_run: { ...goodRun, objects_listed: 0 } }],
  ])('is %s: %j', (standing, changes) => {
    expect(standingOf(source(changes), nowMs)).toBe(standing);
  });
});

test('the worst source is first, and equals are in the order of their names', () => {
  const sources = [
    source({ name: 'b' }),
    source({ name: 'a' }),
    source({ name: 'paused', paused: true, status: 'paused' }),
    source({ name: 'late', next_run_at: at(-60) }),
    source({ name: 'failing', last_run: { ...goodRun, status: 'failed' } }),
    source({ name: 'held', held: hold, status: 'held' }),
  ];
  expect(worstFirst(sources, nowMs).map(({ source: { name } }) => name)).toEqual([
    'held',
    'failing',
    'late',
    'paused',
    'a',
    'b',
  ]);
});

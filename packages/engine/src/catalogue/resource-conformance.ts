import { historyMax, type VerificationLevel } from '@backup-sync/contracts';
import { v7 as newId } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Catalogue } from './catalogue.ts';
import {
  acceptAndStart,
  importBackup,
  makeFinish,
  makeItem,
  makeProof,
  makeRun,
  makeSource,
  type OpenCatalogue,
} from './fixtures-for-conformance.ts';

const dayMs = 24 * 60 * 60 * 1000;
const nowMs = 40 * dayMs;

/** Tests what every catalogue tells an overview: recent backups, resources by standing, proofs, and operations by day. */
export function describeResources(open: OpenCatalogue): void {
  let catalogue: Catalogue;
  beforeAll(async () => {
    catalogue = await open();
  });
  afterAll(() => catalogue[Symbol.asyncDispose]());

  const broken = (detail: string) =>
    ({ status: 'error', level: null, fault: { code: 'object_missing', detail } }) as const;

  describe('resources with their recent backups', () => {
    const projectId = newId();
    const make = (id: string, resourceId: string, takenAtMs: number, record: object = {}) =>
      importBackup(catalogue, projectId, makeItem(id, { resource_id: resourceId, resource_name: resourceId }), {
        endedAtMs: nowMs,
        record: { takenAtMs, ...record },
      });
    const recentOf = async (resourceId: string) => {
      const scope = { project_id: projectId, level: 'linkage', limit: 10 } as const;
      const { rows } = await catalogue.backups.listResources(scope);
      const recent = await catalogue.backups.recentBackups(projectId, rows);
      expect(recent).toHaveLength(rows.length);
      return recent[rows.findIndex((row) => row.resourceId === resourceId)];
    };

    beforeAll(async () => {
      await make('a-1', 'a', 1 * dayMs, broken('before the newest proved one'));
      await make('a-2', 'a', 2 * dayMs, { level: 'replay', verifiedAtMs: 7_000 });
      await make('a-3', 'a', 3 * dayMs, broken('first'));
      await make('a-4', 'a', 4 * dayMs, { level: 'presence' });
      await make('a-5', 'a', 5 * dayMs, broken('last'));
      await make('b-1', 'b', 1 * dayMs, broken('never proved'));
      for (let day = 1; day <= historyMax + 2; day += 1) {
        await make(`c-${String(day).padStart(2, '0')}`, 'c', day * dayMs);
      }
    });

    test('a resource shows its newest proved backup, and how many failed since', async () => {
      expect(await recentOf('a')).toEqual({
        newestProved: { level: 'replay', verifiedAtMs: 7_000 },
        failed: 2,
        newestFault: { code: 'object_missing', detail: 'last' },
        history: [
          { backupId: 'a-5', takenAtMs: 5 * dayMs, status: 'error', level: null },
          { backupId: 'a-4', takenAtMs: 4 * dayMs, status: 'available', level: 'presence' },
          { backupId: 'a-3', takenAtMs: 3 * dayMs, status: 'error', level: null },
          { backupId: 'a-2', takenAtMs: 2 * dayMs, status: 'available', level: 'replay' },
          { backupId: 'a-1', takenAtMs: 1 * dayMs, status: 'error', level: null },
        ],
      });
    });

    test('without a proved backup, all that failed are counted', async () => {
      const fault = { code: 'object_missing', detail: 'never proved' };
      expect(await recentOf('b')).toMatchObject({ newestProved: null, failed: 1, newestFault: fault });
    });

    test('only the newest backups are shown, newest first', async () => {
      const recent = await recentOf('c');
      expect(recent?.history.map(({ backupId }) => backupId)).toEqual(
        Array.from({ length: historyMax }, (_, index) => `c-${String(historyMax + 2 - index).padStart(2, '0')}`),
      );
      expect(recent).toMatchObject({ failed: 0, newestFault: null });
    });

    test('resources are found by name and by standing, and the counts agree', async () => {
      const scope = { project_id: projectId, level: 'linkage', limit: 10 } as const;
      const limit = { nowMs, maxAgeS: (30 * dayMs) / 1000 };
      const found = async (more: object) => {
        const page = await catalogue.backups.listWorstResources({ ...scope, ...more }, limit);
        return page === 'marker_not_found'
          ? page
          : [page.rows.map(({ resourceId }) => resourceId).join(''), page.count];
      };
      expect(await found({})).toEqual(['bac', 3]);
      expect(await found({ resource_name: 'a' })).toEqual(['a', 1]);
      expect(await found({ standing: 'late' })).toEqual(['ba', 2]);
      expect(await found({ standing: 'late', resource_name: 'b' })).toEqual(['b', 1]);
      expect(await found({ standing: 'unproved' })).toEqual(['b', 1]);
      expect(await found({ standing: 'good' })).toEqual(['c', 1]);
      await catalogue.backups.retireResource(projectId, 'b', nowMs);
      expect(await found({})).toEqual(['acb', 3]);
      expect(await found({ standing: 'active' })).toEqual(['ac', 2]);
      expect(await found({ standing: 'retired' })).toEqual(['b', 1]);
      for (const marker of ['a', 'unproved:17:a', 'proved::a', 'lost::a', 'proved:17:']) {
        expect(await found({ marker })).toBe('marker_not_found');
      }
      const byName = await catalogue.backups.listResources({ ...scope, resource_name: 'c' });
      expect([byName.rows.map(({ resourceId }) => resourceId), byName.count, byName.next]).toEqual([['c'], 1, null]);
    });

    test('a resource that moves between pages leaves out and repeats no other', async () => {
      const pages = { project_id: projectId, level: 'presence', limit: 1, standing: 'active' } as const;
      const limit = { nowMs, maxAgeS: null };
      const first = await catalogue.backups.listWorstResources(pages, limit);
      if (first === 'marker_not_found' || first.next === null) throw new Error('Expected another page.');
      const moved = first.rows[0]?.resourceId ?? '';
      await make('new', moved, 39 * dayMs);
      const second = await catalogue.backups.listWorstResources({ ...pages, limit: 9, marker: first.next }, limit);
      if (second === 'marker_not_found') throw new Error('Expected a page.');
      expect([moved, second.rows.map(({ resourceId }) => resourceId)]).toEqual(['a', ['c', 'a']]);
    });
  });

  describe('ceilings and gaps', () => {
    const projectId = newId();
    const make = (id: string, resourceId: string, takenAtMs: number, record: object) =>
      importBackup(catalogue, projectId, makeItem(id, { resource_id: resourceId, resource_name: resourceId }), {
        endedAtMs: nowMs,
        record: { takenAtMs, ...record },
      });
    const provedTo = async (level: VerificationLevel, more: object = {}) => {
      const { rows } = await catalogue.backups.listResources({ project_id: projectId, limit: 10, level, ...more });
      return Object.fromEntries(rows.map(({ resourceId, head, proved }) => [resourceId, [head?.backupId, proved]]));
    };

    beforeAll(async () => {
      const whole = { ceiling: 'replay', gaps: [] };
      const gap = { ceiling: 'content', gaps: ['no_block_hashes'] };
      await make('low-1', 'low', 1 * dayMs, { level: 'linkage', form: whole });
      await make('low-2', 'low', 2 * dayMs, { level: 'inventory', form: { ceiling: 'inventory', gaps: [] } });
      await make('low-3', 'low', 3 * dayMs, { level: 'inventory', form: whole });
      await make('low-4', 'low', 4 * dayMs, { level: 'inventory', form: null });
      await make('gap-1', 'gap', 1 * dayMs, { level: 'content', form: whole });
      await make('gap-2', 'gap', 2 * dayMs, { level: 'content', form: gap });
      await make('gap-3', 'gap', 3 * dayMs, { level: 'linkage', form: gap });
    });

    test('a backup with a gap counts below the level of the gap only', async () => {
      expect(await provedTo('inventory')).toEqual({ gap: ['gap-3', 3], low: ['low-4', 4] });
      expect(await provedTo('linkage')).toEqual({ gap: ['gap-1', 1], low: ['low-1', 1] });
      expect(await provedTo('content')).toEqual({ gap: ['gap-1', 1], low: [undefined, 0] });
    });

    test('if ceilings are accepted, backups count that are at their ceiling, or that only a gap keeps from it', async () => {
      const accept_ceiling = true;
      expect(await provedTo('presence', { accept_ceiling })).toEqual({ gap: ['gap-3', 3], low: ['low-4', 4] });
      expect(await provedTo('linkage', { accept_ceiling })).toEqual({ gap: ['gap-3', 3], low: ['low-2', 2] });
      expect(await provedTo('content', { accept_ceiling })).toEqual({ gap: ['gap-2', 2], low: ['low-2', 1] });
      expect(await provedTo('replay', { accept_ceiling })).toEqual({ gap: ['gap-2', 1], low: ['low-2', 1] });
    });

    test('if the newest backup is no longer whole, the newest that counts takes its place', async () => {
      await make('gap-4', 'gap', 4 * dayMs, { level: 'linkage', form: { ceiling: 'replay', gaps: [] } });
      expect(await provedTo('linkage')).toMatchObject({ gap: ['gap-4', 2] });
      await make('gap-4', 'gap', 4 * dayMs, broken('lost'));
      expect(await provedTo('linkage')).toMatchObject({ gap: ['gap-1', 1] });
      expect(await provedTo('inventory')).toMatchObject({ gap: ['gap-3', 3] });
    });
  });

  test('the proofs of a backup are paged, newest first', async () => {
    const projectId = newId();
    const operation = await acceptAndStart(catalogue, projectId, makeItem('a'));
    const faulty = { fault: { code: 'object_missing', detail: 'gone' }, level: null } as const;
    const proofs = [
      makeProof('a', { verifiedAtMs: 2_000 }),
      makeProof('a', { verifiedAtMs: 4_000, ...faulty }),
      makeProof('a', { verifiedAtMs: 3_000, level: 'replay' }),
      makeProof('b', { verifiedAtMs: 5_000 }),
    ];
    await catalogue.operations.finishImport(makeFinish(operation, { proofs }));
    const filter = { project_id: projectId, backup_id: 'a' };
    const page = async (more: { readonly limit: number; readonly marker?: string }) => {
      const found = await catalogue.backups.listVerifications({ ...filter, ...more });
      if (found === 'marker_not_found') throw new Error('Expected a page.');
      return found;
    };
    const all = await page({ limit: 10 });
    expect(all.map(({ operationId, proof }) => [operationId, proof.verifiedAtMs, proof.level, proof.fault])).toEqual([
      [operation.id, 4_000, null, faulty.fault],
      [operation.id, 3_000, 'replay', null],
      [operation.id, 2_000, 'linkage', null],
    ]);
    const marker = all[0]?.id ?? '';
    expect(await page({ limit: 1, marker })).toEqual([all[1]]);
    expect(await catalogue.backups.listVerifications({ ...filter, limit: 1, marker: newId() })).toBe(
      'marker_not_found',
    );
  });

  test('ended operations are counted on the day of their end', async () => {
    const projectId = newId();
    const sourceId = newId();
    await catalogue.sources.addSource(makeSource(projectId, sourceId));
    const runId = newId();
    await catalogue.operations.addOperation(makeRun(projectId, sourceId, runId));
    await importBackup(catalogue, projectId, makeItem('a'), { endedAtMs: dayMs - 1 });
    await importBackup(catalogue, projectId, makeItem('b'), { endedAtMs: dayMs });
    await importBackup(catalogue, projectId, makeItem('c'), { endedAtMs: 2 * dayMs - 1 });
    await acceptAndStart(catalogue, projectId, makeItem('not ended'));
    const by = { actor: { kind: 'user', name: 'ada' }, requestId: 'request-1' } as const;
    const deletion = { operationId: newId(), projectId, backupId: 'a', deletedAtMs: dayMs, ...by };
    await catalogue.backups.deleteBackup(deletion);
    const count = async (from: string, to: string, kind?: ('import' | 'source_run')[]) => {
      const days = await catalogue.operations.countOperationDays({ project_id: projectId, from, to, kind });
      return days.map((day) => [day.date, day.kind, day.status, day.operations]);
    };
    expect(await count('1970-01-01', '1970-01-31')).toEqual([
      ['1970-01-01', 'import', 'success', 1],
      ['1970-01-02', 'import', 'success', 2],
      ['1970-01-02', 'delete', 'success', 1],
    ]);
    expect(await count('1970-01-02', '1970-01-02', ['import'])).toEqual([['1970-01-02', 'import', 'success', 2]]);
    await catalogue.operations.cancelOperation(projectId, runId, 3 * dayMs);
    expect(await count('1970-01-03', '1970-01-31')).toEqual([['1970-01-04', 'source_run', 'failed', 1]]);
  });
}

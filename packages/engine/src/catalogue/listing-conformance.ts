import type { BackupFilter, OperationLogFilter } from '@backup-sync/contracts';
import { v7 as newId } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Catalogue } from './catalogue.ts';
import {
  acceptAndStart,
  acceptedIds,
  backupFilter,
  importBackup,
  makeAcceptance,
  makeItem,
  type OpenCatalogue,
  operationFilter,
} from './fixtures-for-conformance.ts';

/** Tests what the listings of every catalogue return. */
export function describeListings(open: OpenCatalogue): void {
  let catalogue: Catalogue;

  beforeAll(async () => {
    catalogue = await open();
  });
  afterAll(() => catalogue[Symbol.asyncDispose]());

  describe('listBackups', () => {
    const projectId = newId();

    beforeAll(async () => {
      const make = (backupId: string, endedAtMs: number, item = {}, record = {}) =>
        importBackup(catalogue, projectId, makeItem(backupId, item), { endedAtMs, record });
      await make('a', 1_000, { backup_name: 'x', created_at: 40 });
      await make('b', 2_000, { backup_name: 'y', created_at: 30, resource_id: 'resource-2' }, { incremental: true });
      await make('c', 2_000, { backup_name: 'y', created_at: 20 }, { status: 'error', parentBackupId: 'b' });
      await make('d', 3_000, { backup_name: 'x', created_at: 10, resource_type: 'OS::VMware::Server' });
      await make('gone', 4_000);
      const actor = { kind: 'user', name: 'ada' } as const;
      const deletion = { operationId: newId(), projectId, backupId: 'gone', actor, requestId: 'r', deletedAtMs: 5_000 };
      await catalogue.backups.deleteBackup(deletion);
      await importBackup(catalogue, newId(), makeItem('elsewhere'));
    });

    const list = async (changes: Partial<BackupFilter> = {}) => {
      const page = await catalogue.backups.listBackups(backupFilter(projectId, changes));
      return page === 'marker_not_found' ? page : [page.rows.map((row) => row.backupId).join(''), page.count];
    };

    test('shows the records of the project except forgotten ones, sorted as requested, then by id', async () => {
      expect(await list()).toEqual(['dbca', 4]);
      expect(await list({ sort: [{ key: 'created_at', direction: 'asc' }] })).toEqual(['abcd', 4]);
      expect(await list({ sort: [{ key: 'protected_at', direction: 'asc' }] })).toEqual(['dcba', 4]);
      expect(await list({ sort: [{ key: 'id', direction: 'desc' }] })).toEqual(['dcba', 4]);
      const byNameThenStatus = [
        { key: 'name', direction: 'desc' },
        { key: 'status', direction: 'desc' },
      ] as const;
      expect(await list({ sort: [...byNameThenStatus] })).toEqual(['cbad', 4]);
    });

    test.each<[Partial<BackupFilter>, string]>([
      [{ name: 'y' }, 'bc'],
      [{ id_prefix: 'b' }, 'b'],
      [{ id_prefix: 'B' }, ''],
      [{ id_prefix: 'gon' }, ''],
      [{ id_prefix: '%' }, ''],
      [{ status: ['error'] }, 'c'],
      [{ status: ['error', 'available', 'deleting'] }, 'dbca'],
      [{ status: ['deleting'] }, ''],
      [{ incremental: true }, 'b'],
      [{ incremental: false }, 'dca'],
      [{ parent_id: 'b' }, 'c'],
      [{ resource_id: 'resource-2' }, 'b'],
      [{ resource_name: 'database server' }, 'dbca'],
      [{ resource_name: 'database' }, ''],
      [{ resource_type: 'OS::VMware::Server' }, 'd'],
      [{ start_time: 20_000, end_time: 30_000 }, 'bc'],
      [{ start_time: 41_000 }, ''],
      [{ image_type: 'sync' }, 'dbca'],
      [{ image_type: 'backup' }, ''],
      [{ vault_id: 'v' }, ''],
      [{ checkpoint_id: 'c' }, ''],
      [{ resource_az: 'az' }, ''],
    ])('%j leaves %j', async (filter, expected) => {
      expect(await list(filter)).toEqual([expected, expected.length]);
    });

    test('pages by offset, with the count of the whole filter', async () => {
      expect(await list({ limit: 2 })).toEqual(['db', 4]);
      expect(await list({ limit: 2, offset: 2 })).toEqual(['ca', 4]);
      expect(await list({ limit: 2, offset: 4 })).toEqual(['', 4]);
    });

    test('pages by marker through every order without losing or repeating a record', async () => {
      const orders: BackupFilter['sort'][] = [
        [{ key: 'created_at', direction: 'desc' }],
        [{ key: 'updated_at', direction: 'asc' }],
        [{ key: 'id', direction: 'desc' }],
        [
          { key: 'name', direction: 'desc' },
          { key: 'status', direction: 'asc' },
        ],
        [
          { key: 'status', direction: 'desc' },
          { key: 'name', direction: 'asc' },
        ],
      ];
      for (const sort of orders) {
        const [whole] = await list({ sort });
        let paged = '';
        for (let page = await list({ sort, limit: 1 }); page[0] !== ''; ) {
          expect(page[1]).toBe(4);
          paged += page[0];
          page = await list({ sort, limit: 1, marker: paged.slice(-1) });
        }
        expect(paged).toBe(whole);
      }
    });

    test('ignores an offset with a marker, so that clients that repeat both on every page skip nothing', async () => {
      expect(await list({ marker: 'd', offset: 1 })).toEqual(['bca', 4]);
    });

    test('refuses a marker that is not a record of the project', async () => {
      expect(await list({ marker: 'elsewhere' })).toBe('marker_not_found');
      expect(await list({ marker: 'none', vault_id: 'v' })).toBe('marker_not_found');
    });
  });

  describe('listOperationLogs', () => {
    const projectId = newId();
    const ids: string[] = [];

    beforeAll(async () => {
      const accept = async (acceptedAtMs: number, ...items: Parameters<typeof makeItem>[]) => {
        const made = items.map((item) => makeItem(...item));
        ids.push(...(await acceptedIds(catalogue, makeAcceptance(projectId, made, { acceptedAtMs }))));
      };
      ids.push((await importBackup(catalogue, projectId, makeItem('a'))).id);
      await accept(2_000, ['b'], ['c', { resource_id: 'resource-2' }], ['d', { resource_name: 'mail' }]);
      const actor = { kind: 'user', name: 'ada' } as const;
      const operationId = newId();
      await catalogue.backups.deleteBackup({
        operationId,
        projectId,
        backupId: 'a',
        actor,
        requestId: 'r',
        deletedAtMs: 3_000,
      });
      ids.push(operationId);
      await acceptAndStart(catalogue, newId(), makeItem('elsewhere'));
    });

    const list = async (changes: Partial<OperationLogFilter> = {}) => {
      const page = await catalogue.operations.listOperationLogs(operationFilter(projectId, changes));
      return page === 'marker_not_found' ? page : [page.rows.map((row) => ids.indexOf(row.id)).join(''), page.count];
    };

    test.each<[Partial<OperationLogFilter>, string]>([
      [{}, '43210'],
      [{ status: ['waiting', 'running'] }, '321'],
      [{ status: ['success'] }, '40'],
      [{ operation_type: 'sync' }, '3210'],
      [{ operation_type: 'delete' }, '4'],
      [{ operation_type: 'restore' }, ''],
      [{ resource_id: 'resource-2' }, '2'],
      [{ resource_name: 'mail' }, '3'],
      [{ start_time: 2_000, end_time: 2_000 }, '321'],
      [{ provider_id: 'p' }, ''],
      [{ vault_id: 'v' }, ''],
      [{ vault_name: 'v' }, ''],
    ])('%j leaves %j, newest first', async (filter, expected) => {
      expect(await list(filter)).toEqual([expected, expected.length]);
    });

    test('pages by marker and by offset, with the count of the whole filter', async () => {
      expect(await list({ limit: 2 })).toEqual(['43', 5]);
      expect(await list({ limit: 2, marker: ids[3] ?? '' })).toEqual(['21', 5]);
      expect(await list({ limit: 2, marker: ids[3] ?? '', offset: 1 })).toEqual(['21', 5]);
      expect(await list({ limit: 2, offset: 4 })).toEqual(['0', 5]);
    });

    test('refuses a marker of another project, and shows no operation of another project', async () => {
      expect(await list({ marker: newId() })).toBe('marker_not_found');
      expect(await catalogue.operations.showOperation(newId(), ids[0] ?? '')).toBeNull();
    });
  });
}

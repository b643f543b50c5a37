import { v7 as newId } from 'uuid';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Catalogue } from './catalogue.ts';
import {
  acceptAndStart,
  backupFilter,
  importBackup,
  makeFinish,
  makeItem,
  makeRecord,
  type OpenCatalogue,
  showImport,
} from './fixtures-for-conformance.ts';

/** Tests how every catalogue renames records. */
export function describeRenaming(open: OpenCatalogue): void {
  let catalogue: Catalogue;
  let projectId: string;

  beforeAll(async () => {
    catalogue = await open();
  });
  afterAll(() => catalogue[Symbol.asyncDispose]());
  beforeEach(() => {
    projectId = newId();
  });

  const rename = (backupId: string, name: string, renamedAtMs = 9_000) =>
    catalogue.backups.renameBackup({ projectId, backupId, name, renamedAtMs });

  test('keeps the name from the sync requests along with the newest one that a person has set', async () => {
    await importBackup(catalogue, projectId, makeItem('a', { backup_name: 'nightly' }));
    const before = await catalogue.backups.showBackup(projectId, 'a');
    const once = { ...before, backupName: 'mine', requestedName: 'nightly', updatedAtMs: 9_000, revision: 2 };
    expect(await rename('a', 'mine')).toEqual(once);
    expect(await catalogue.backups.showBackup(projectId, 'a')).toEqual(once);
    const twice = { ...once, backupName: 'ours', updatedAtMs: 9_001, revision: 3 };
    expect(await rename('a', 'ours', 9_001)).toEqual(twice);
    expect(await catalogue.backups.listBackups(backupFilter(projectId, { name: 'ours' }))).toEqual({
      rows: [twice],
      count: 1,
    });
    expect(await catalogue.backups.listBackups(backupFilter(projectId, { name: 'nightly' }))).toEqual({
      rows: [],
      count: 0,
    });
  });

  test('makes an import that was decided before decide again', async () => {
    await importBackup(catalogue, projectId, makeItem('a'));
    const operation = await acceptAndStart(catalogue, projectId, makeItem('a'));
    await rename('a', 'mine');
    const decided = makeFinish(operation, { decidedOnRevision: 1, record: makeRecord(operation) });
    expect((await catalogue.operations.finishImport(decided)).result).toBe('stale_record');
    expect(await catalogue.backups.showBackup(projectId, 'a')).toMatchObject({ backupName: 'mine', revision: 2 });
  });

  test('returns null for a backup that is not recorded, of another project, or forgotten', async () => {
    expect(await rename('a', 'mine')).toBeNull();
    await importBackup(catalogue, newId(), makeItem('a'));
    expect(await rename('a', 'mine')).toBeNull();
    await importBackup(catalogue, projectId, makeItem('b', { backup_name: 'nightly' }));
    await rename('b', 'mine');
    const actor = { kind: 'user', name: 'ada' } as const;
    const deletion = { operationId: newId(), projectId, backupId: 'b', actor, requestId: 'r', deletedAtMs: 9_500 };
    await catalogue.backups.deleteBackup(deletion);
    expect(await rename('b', 'again')).toBeNull();
    expect((await showImport(catalogue, projectId, deletion.operationId)).item.backup_name).toBe('mine');
  });
}

import { v7 as newId } from 'uuid';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Catalogue } from './catalogue.ts';
import {
  acceptAndStart,
  acceptedIds,
  backupFilter,
  endedAs,
  importBackup,
  makeAcceptance,
  makeItem,
  type OpenCatalogue,
} from './fixtures-for-conformance.ts';

/** Tests how every catalogue forgets records. */
export function describeDeletion(open: OpenCatalogue): void {
  let catalogue: Catalogue;
  let projectId: string;

  beforeAll(async () => {
    catalogue = await open();
  });
  beforeEach(() => {
    projectId = newId();
  });
  afterAll(() => catalogue[Symbol.asyncDispose]());

  const remove = (backupId: string, operationId = newId()) =>
    catalogue.backups.deleteBackup({
      operationId,
      projectId,
      backupId,
      actor: { kind: 'system', name: 'root' },
      requestId: 'request-2',
      deletedAtMs: 9_000,
    });

  test('hides the record, and logs what was deleted and by whom', async () => {
    const item = makeItem('a');
    await importBackup(catalogue, projectId, item);
    const operationId = newId();
    expect(await remove('a', operationId)).toEqual({
      result: 'deleted',
      ended: [endedAs({ id: operationId, projectId, kind: 'delete', parentOperationId: null }, 'success')],
    });
    expect(await catalogue.backups.showBackup(projectId, 'a')).toBeNull();
    expect(await catalogue.backups.listBackups(backupFilter(projectId))).toEqual({ count: 0, rows: [] });
    expect(await catalogue.operations.showOperation(projectId, operationId)).toMatchObject({
      kind: 'delete',
      status: 'success',
      item,
      actor: { kind: 'system', name: 'root' },
      endedAtMs: 9_000,
    });
    expect(await remove('a')).toEqual({ result: 'not_found' });
  });

  test('does not find a record of another project', async () => {
    await importBackup(catalogue, newId(), makeItem('a'));
    expect(await remove('a')).toEqual({ result: 'not_found' });
  });

  test('is refused while an import of the backup is in flight, and returns the oldest one', async () => {
    await importBackup(catalogue, projectId, makeItem('a'));
    const operation = await acceptAndStart(catalogue, projectId, makeItem('a'));
    await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('a', { backup_name: 'behind' })]));
    expect(await remove('a')).toEqual({ result: 'busy', operationId: operation.id });
  });

  test('is undone by an import, which finds no record and continues from the revision of the deleted one', async () => {
    await importBackup(catalogue, projectId, makeItem('a'), { endedAtMs: 3_000 });
    await remove('a');
    await importBackup(catalogue, projectId, makeItem('a'), { endedAtMs: 10_000 });
    const record = await catalogue.backups.showBackup(projectId, 'a');
    expect(record).toMatchObject({ revision: 3, createdAtMs: 3_000, updatedAtMs: 10_000 });
  });
}

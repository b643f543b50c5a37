import { v7 as newId } from 'uuid';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Catalogue } from './catalogue.ts';
import {
  acceptedIds,
  importBackup,
  makeAcceptance,
  makeChain,
  makeFinish,
  makeItem,
  makeRecord,
  type OpenCatalogue,
} from './fixtures-for-conformance.ts';
import type { ItemOperation } from './operation-records.ts';

/** Tests how every catalogue ends several imports in one step. */
export function describeFinishes(open: OpenCatalogue): void {
  let catalogue: Catalogue;
  let projectId: string;

  beforeAll(async () => {
    catalogue = await open();
  });
  beforeEach(() => {
    projectId = newId();
  });
  afterAll(() => catalogue[Symbol.asyncDispose]());

  async function start(...backupIds: readonly string[]): Promise<readonly ItemOperation[]> {
    const items = backupIds.map((id) => makeItem(id));
    await acceptedIds(catalogue, makeAcceptance(projectId, items));
    return catalogue.operations.startChain(makeChain(projectId), 'worker-1', 2_000);
  }

  const statusesOf = (operations: readonly ItemOperation[]) =>
    Promise.all(
      operations.map(async ({ id }) => (await catalogue.operations.showOperation(projectId, id))?.status ?? null),
    );

  test('all end in the given order, each with its own result and record', async () => {
    const [first, second, third] = (await start('a', 'b', 'c')) as [ItemOperation, ItemOperation, ItemOperation];
    const finished = await catalogue.operations.finishImports(projectId, [
      makeFinish(third),
      makeFinish(second, { epoch: second.epoch + 1 }),
      makeFinish(first, { status: 'failed', record: null, fault: { code: 'access_denied', detail: '' } }),
    ]);
    expect(finished).toMatchObject([
      { result: 'finished', ended: [{ id: third.id, status: 'success' }] },
      { result: 'stale_epoch', ended: [] },
      { result: 'finished', ended: [{ id: first.id, status: 'failed' }] },
    ]);
    expect(await statusesOf([first, second, third])).toEqual(['failed', 'running', 'success']);
    const records = await catalogue.backups.showBackups(projectId, ['a', 'b', 'c']);
    expect(records).toEqual([await catalogue.backups.showBackup(projectId, 'c')]);
  });

  test('nothing is done after one that has to be decided again', async () => {
    await importBackup(catalogue, projectId, makeItem('b'));
    const [first, second, third] = (await start('a', 'b', 'c')) as [ItemOperation, ItemOperation, ItemOperation];
    const finishes = [first, second, third].map((operation) => makeFinish(operation));
    const finished = await catalogue.operations.finishImports(projectId, finishes);
    expect(finished.map(({ result }) => result)).toEqual(['finished', 'stale_record']);
    expect(await statusesOf([first, second, third])).toEqual(['success', 'running', 'running']);
  });

  test('none has ended if one cannot be recorded', async () => {
    const operations = (await start('a', 'b')) as [ItemOperation, ItemOperation];
    const [first, second] = operations;
    const finishes = [makeFinish(first), makeFinish(second, { record: makeRecord(first) })];
    await expect(catalogue.operations.finishImports(projectId, finishes)).rejects.toThrow('its own backup');
    expect(await statusesOf(operations)).toEqual(['running', 'running']);
    expect(await catalogue.backups.showBackup(projectId, 'a')).toBeNull();
  });

  test('the import of a package ends the records of its files, and says which', async () => {
    await importBackup(catalogue, projectId, makeItem('disk'));
    await importBackup(catalogue, projectId, makeItem('other'));
    const [operation] = (await start('package')) as [ItemOperation];
    const parts = ['chain-1/disk', 'chain-1/never-recorded', 'chain-1/package'];
    const { ended } = await catalogue.operations.finishImport(makeFinish(operation, { parts }));
    expect(ended).toMatchObject([{ kind: 'delete', status: 'success' }, { id: operation.id }]);
    const shown = await catalogue.backups.showBackups(projectId, ['disk', 'other', 'package']);
    expect(shown.map(({ backupId }) => backupId).toSorted()).toEqual(['other', 'package']);
    expect(await catalogue.backups.knownByIds(projectId, ['disk'])).toMatchObject([
      { isForgotten: true, partOf: 'package', record: { backupId: 'disk', level: 'linkage' } },
    ]);
    const message = 'Recorded.; 1 record of files of it ended: disk';
    expect(await catalogue.operations.showOperation(projectId, operation.id)).toMatchObject({ message });
    expect(await catalogue.operations.showOperation(projectId, ended[0]?.id ?? '')).toMatchObject({
      ...{ kind: 'delete', backupId: 'disk', parentOperationId: operation.id, actor: operation.actor },
      message: expect.stringContaining('part of package'),
    });
    // What is imported by itself is no part any more.
    await importBackup(catalogue, projectId, makeItem('disk'));
    expect(await catalogue.backups.knownByIds(projectId, ['disk'])).toMatchObject([
      { isForgotten: false, partOf: null },
    ]);
  });

  test('the import of a package waits for the import of a file of it, which would record the file afterwards', async () => {
    const path = 'machine/disk.vmdk';
    const ofDisk = makeAcceptance(projectId, [makeItem('disk', { image_path: path })], { chainRoot: 'machine/disk' });
    await catalogue.operations.accept(ofDisk);
    const [disk] = (await catalogue.operations.startChain(makeChain(projectId, 'machine/disk'), 'worker-1', 2_000)) as [
      ItemOperation,
    ];
    const [operation] = (await start('package')) as [ItemOperation];
    const finish = makeFinish(operation, { parts: [path] });
    expect(await catalogue.operations.finishImport(finish)).toMatchObject({ result: 'waits', ended: [] });
    expect(await catalogue.backups.showBackup(projectId, 'package')).toBeNull();
    const { due } = await catalogue.operations.finishImport(makeFinish(disk));
    expect(due).toContainEqual(expect.objectContaining({ chain: makeChain(projectId) }));
    const [again] = (await catalogue.operations.startChain(makeChain(projectId), 'worker-1', 4_000)) as [ItemOperation];
    const ending = makeFinish(again, { parts: [path] });
    expect(await catalogue.operations.finishImport(ending)).toMatchObject({ result: 'finished' });
    expect(await catalogue.backups.showBackup(projectId, 'disk')).toBeNull();
  });
}

import { v7 as newId } from 'uuid';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { RecordWrite } from './backup-records.ts';
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
    const disk = { record: { format: 'vmdk' } } as const;
    await importBackup(catalogue, projectId, makeItem('disk'), disk);
    await importBackup(catalogue, projectId, makeItem('other'), disk);
    const [operation] = (await start('package')) as [ItemOperation];
    const parts = ['chain-1/disk', 'chain-1/never-recorded', 'chain-1/package'];
    const { ended } = await catalogue.operations.finishImport(makeFinish(operation, { parts }));
    expect(ended).toMatchObject([{ kind: 'delete', status: 'success' }, { id: operation.id }]);
    const shown = await catalogue.backups.showBackups(projectId, ['disk', 'other', 'package']);
    expect(shown.map(({ backupId }) => backupId).toSorted()).toEqual(['other', 'package']);
    expect(await catalogue.backups.knownByIds(projectId, ['disk'])).toMatchObject([
      { isForgotten: true, partOf: 'package', record: { backupId: 'disk', level: 'linkage' } },
    ]);
    const message = 'Recorded.; of its disks, 1 record ended: disk';
    expect(await catalogue.operations.showOperation(projectId, operation.id)).toMatchObject({ message });
    expect(await catalogue.operations.showOperation(projectId, ended[0]?.id ?? '')).toMatchObject({
      ...{ kind: 'delete', backupId: 'disk', parentOperationId: operation.id, actor: operation.actor },
      message: expect.stringContaining('part of package'),
    });
    // What is imported by itself is no part any more.
    await importBackup(catalogue, projectId, makeItem('disk'), disk);
    expect(await catalogue.backups.knownByIds(projectId, ['disk'])).toMatchObject([
      { isForgotten: false, partOf: null },
    ]);
  });

  test('the import of a package keeps records of what it does not prove, and all if they are too many', async () => {
    const kept: readonly (readonly [id: string, record: Partial<RecordWrite>])[] = [
      ['broken', { format: 'vmdk', status: 'error', fault: { code: 'object_size_impossible', detail: 'it is cut' } }],
      ['overlay', { format: 'qcow2', parentBackupId: 'base' }],
      ['unrecognised', { format: 'unknown' }],
    ];
    for (const [id, record] of kept) await importBackup(catalogue, projectId, makeItem(id), { record });
    const [operation] = (await start('package')) as [ItemOperation];
    const parts = kept.map(([id]) => `chain-1/${id}`);
    expect(await catalogue.operations.finishImport(makeFinish(operation, { parts }))).toMatchObject({
      ended: [{ id: operation.id }],
    });
    expect(await catalogue.operations.showOperation(projectId, operation.id)).toMatchObject({
      message: 'Recorded.; of its disks, 2 records of what the package does not prove stay: broken, overlay',
    });
    const disks = Array.from({ length: 65 }, (_, index) => `disk-${String(index).padStart(2, '0')}`);
    for (const id of disks) await importBackup(catalogue, projectId, makeItem(id), { record: { format: 'vmdk' } });
    const [second] = (await start('second')) as [ItemOperation];
    const ofDisks = disks.map((id) => `chain-1/${id}`);
    await catalogue.operations.finishImport(makeFinish(second, { parts: ofDisks }));
    expect(await catalogue.operations.showOperation(projectId, second.id)).toMatchObject({
      message:
        'Recorded.; of its disks, 65 records stay, more than the 64 that a package may end: disk-00, disk-01, disk-02, …',
    });
    const [third] = (await start('third')) as [ItemOperation];
    await catalogue.operations.finishImport(makeFinish(third, { parts: ofDisks.slice(1) }));
    const shown = await catalogue.backups.showBackups(projectId, [...kept.map(([id]) => id), ...disks]);
    expect(shown.map(({ backupId }) => backupId).toSorted()).toEqual([...kept.map(([id]) => id), 'disk-00'].toSorted());
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
    const record = makeRecord(disk, { format: 'vmdk' });
    const { due } = await catalogue.operations.finishImport(makeFinish(disk, { record }));
    expect(due).toContainEqual(expect.objectContaining({ chain: makeChain(projectId) }));
    const [again] = (await catalogue.operations.startChain(makeChain(projectId), 'worker-1', 4_000)) as [ItemOperation];
    const ending = makeFinish(again, { parts: [path] });
    expect(await catalogue.operations.finishImport(ending)).toMatchObject({ result: 'finished' });
    expect(await catalogue.backups.showBackup(projectId, 'disk')).toBeNull();
  });
}

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
}

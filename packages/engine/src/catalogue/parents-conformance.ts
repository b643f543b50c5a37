import { v7 as newId } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { operationLivesMs } from '../deadline.ts';
import { everything } from '../storage/grants.ts';
import type { Catalogue } from './catalogue.ts';
import {
  acceptedIds,
  endedAs,
  importBackup,
  makeAcceptance,
  makeChain,
  makeDue,
  makeFinish,
  makeItem,
  makeRecord,
  makeSource,
  type OpenCatalogue,
  storageUnitId,
} from './fixtures-for-conformance.ts';
import type { ItemOperation } from './operation-records.ts';

/** Tests how every catalogue helps to find the parents of backups. */
export function describeParents(open: OpenCatalogue): void {
  let catalogue: Catalogue;
  let projectId: string;

  beforeAll(async () => {
    catalogue = await open();
  });
  beforeEach(() => {
    projectId = newId();
  });
  afterAll(() => catalogue[Symbol.asyncDispose]());

  describe('locateBackups', () => {
    test('returns for each backup the place of the record, then those of unfinished imports', async () => {
      await importBackup(catalogue, projectId, makeItem('a'));
      const moved = ['bucket-2', 'bucket-3'].map((bucket_name) => makeItem('a', { bucket_name, image_path: 'moved' }));
      for (const item of moved) await acceptedIds(catalogue, makeAcceptance(projectId, [item]));
      await acceptedIds(catalogue, makeAcceptance(newId(), [makeItem('a', { bucket_name: 'of another project' })]));
      await importBackup(catalogue, projectId, makeItem('b'));
      const place = { storageUnitId, bucketName: 'bucket-1' };
      expect(await catalogue.backups.locateBackups(projectId, ['b', 'a'])).toEqual([
        { backupId: 'b', revision: 1, locations: [{ ...place, imagePath: 'chain-1/b' }] },
        {
          backupId: 'a',
          revision: 1,
          locations: [
            { ...place, imagePath: 'chain-1/a' },
            { storageUnitId, bucketName: 'bucket-2', imagePath: 'moved' },
            { storageUnitId, bucketName: 'bucket-3', imagePath: 'moved' },
          ],
        },
      ]);
    });

    test('returns nothing for a backup that was forgotten or never recorded', async () => {
      await importBackup(catalogue, projectId, makeItem('a'));
      const actor = { kind: 'user', name: 'ada' } as const;
      const deletion = { operationId: newId(), projectId, backupId: 'a', actor, requestId: 'r', deletedAtMs: 5_000 };
      await catalogue.backups.deleteBackup(deletion);
      const located = await catalogue.backups.locateBackups(projectId, ['a', 'b']);
      expect(located).toEqual(['a', 'b'].map((backupId) => ({ backupId, revision: null, locations: [] })));
    });
  });

  describe('projectBuckets', () => {
    test('returns each bucket of grants, sources, records and unfinished imports once', async () => {
      for (const backupId of ['a', 'b', 'c']) await importBackup(catalogue, projectId, makeItem(backupId));
      await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('d', { bucket_name: 'imported' })]));
      await catalogue.sources.addSource(makeSource(projectId, newId(), { bucketName: 'watched' }));
      for (const bucketName of ['granted', 'imported']) {
        await catalogue.grants.addGrant({ projectId, storageUnitId, bucketName, prefix: 'folder/' });
      }
      const buckets = await catalogue.backups.projectBuckets(projectId, storageUnitId);
      expect(buckets).toEqual(['bucket-1', 'granted', 'imported', 'watched']);
    });

    test('returns no bucket of another project or storage unit, and no grant of everything', async () => {
      const other = { storageUnitId: 'unit-2' };
      await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('a')], other));
      await catalogue.sources.addSource(makeSource(projectId, newId(), other));
      await catalogue.grants.addGrant({ projectId, ...other, bucketName: 'granted', prefix: '' });
      await importBackup(catalogue, newId(), makeItem('a'));
      await catalogue.grants.addGrant({
        projectId,
        storageUnitId: everything,
        bucketName: everything,
        prefix: '',
      });
      expect(await catalogue.backups.projectBuckets(projectId, storageUnitId)).toEqual([]);
    });
  });

  describe('an import whose parent is missing', () => {
    const missing = (backupId: string, revision: number | null = null) => ({ missingParent: { backupId, revision } });

    /** Accepts and starts imports, each in a separate chain. */
    async function start(...backupIds: readonly string[]): Promise<readonly ItemOperation[]> {
      const started: ItemOperation[] = [];
      for (const backupId of backupIds) {
        await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem(backupId)], { chainRoot: backupId }));
        started.push(...(await catalogue.operations.startChain(makeChain(projectId, backupId), 'worker-1', 1_500)));
      }
      return started;
    }

    const startAgain = (backupId: string) =>
      catalogue.operations.startChain(makeChain(projectId, backupId), 'worker-1', 2_000);

    test('waits while the parent is being imported, and continues when that import has ended', async () => {
      const [child, parent] = (await start('child', 'parent')) as [ItemOperation, ItemOperation];
      expect(await catalogue.operations.finishImport(makeFinish(child, missing('parent')))).toEqual({
        result: 'waits',
        ended: [],
        due: [],
      });
      expect(await startAgain('child')).toEqual([]);
      const { due } = await catalogue.operations.finishImport(makeFinish(parent, { status: 'failed', record: null }));
      expect(due).toEqual([makeDue(makeChain(projectId, 'child'))]);
      const [again] = await startAgain('child');
      expect(again).toMatchObject({ id: child.id, epoch: 2, message: '' });
      const ended = await catalogue.operations.finishImport(makeFinish(again ?? child, missing('parent')));
      expect(ended).toEqual({ result: 'finished', ended: [endedAs(child, 'success')], due: [] });
      // The requests of both attempts count.
      const { requests } = (await catalogue.operations.showOperation(projectId, child.id)) ?? {};
      expect(requests).toEqual({ lists: 2, gets: 4, bytesRead: 600 });
    });

    test('still waits after a restart, until the import of the parent has ended', async () => {
      const [child] = (await start('child', 'parent')) as [ItemOperation];
      await catalogue.operations.finishImport(makeFinish(child, missing('parent')));
      const released = await catalogue.operations.releaseOperations(null, 1_700);
      expect(released).toEqual(expect.arrayContaining([makeDue(makeChain(projectId, 'parent'))]));
      expect(await startAgain('child')).toEqual([]);
      const [parent] = await startAgain('parent');
      if (parent === undefined) throw new Error('nothing was started');
      await catalogue.operations.finishImport(makeFinish(parent));
      expect(await startAgain('child')).toMatchObject([{ id: child.id }]);
    });

    test('is started at its deadline, even if the import of the parent has not ended', async () => {
      const [child] = (await start('child', 'parent')) as [ItemOperation];
      await catalogue.operations.finishImport(makeFinish(child, missing('parent')));
      const deadlineMs = child.createdAtMs + operationLivesMs;
      const chain = makeChain(projectId, 'child');
      for (const [nowMs, chains, ids] of [
        [deadlineMs - 1, [], []],
        [deadlineMs, [makeDue(chain)], [child.id]],
      ] as const) {
        const overdue = await catalogue.operations.overdueWaits(nowMs);
        expect(overdue.filter((each) => each.chain.projectId === projectId)).toEqual(chains);
        const started = await catalogue.operations.startChain(chain, 'worker-1', nowMs);
        expect(started.map(({ id }) => id)).toEqual(ids);
      }
      const overdue = await catalogue.operations.overdueWaits(deadlineMs);
      expect(overdue.filter((each) => each.chain.projectId === projectId)).toEqual([]);
    });

    test('continues immediately if the parent was recorded since the import looked for it', async () => {
      const [child, parent] = (await start('child', 'parent')) as [ItemOperation, ItemOperation];
      await catalogue.operations.finishImport(makeFinish(parent));
      expect(await catalogue.operations.finishImport(makeFinish(child, missing('parent')))).toEqual({
        result: 'waits',
        ended: [],
        due: [makeDue(makeChain(projectId, 'child'))],
      });
      const [again = child] = await startAgain('child');
      expect(await catalogue.operations.finishImport(makeFinish(again, missing('parent', 1)))).toMatchObject({
        result: 'finished',
      });
    });

    test('ends if no import of the parent is in flight in its own project', async () => {
      const [child] = (await start('child')) as [ItemOperation];
      await acceptedIds(catalogue, makeAcceptance(newId(), [makeItem('parent')]));
      expect(await catalogue.operations.finishImport(makeFinish(child, missing('parent')))).toMatchObject({
        result: 'finished',
      });
    });

    test.each([
      ['itself', ['a']],
      ['one that waits for it', ['a', 'b']],
      ['one that waits for it through another', ['a', 'b', 'c']],
    ])('does not wait for %s: that is reported as a cycle and changes nothing', async (_, ids) => {
      const operations = await start(...ids);
      for (const [index, operation] of operations.slice(0, -1).entries()) {
        const finish = makeFinish(operation, missing(ids[index + 1] ?? ''));
        expect(await catalogue.operations.finishImport(finish)).toMatchObject({ result: 'waits' });
      }
      const last = operations.at(-1);
      if (last === undefined) throw new Error('nothing was started');
      const way = [ids.at(-1), ...ids];
      expect(await catalogue.operations.finishImport(makeFinish(last, missing('a')))).toEqual({
        result: 'cycle',
        ended: [],
        due: [],
        way,
      });
      expect(await catalogue.operations.showOperation(projectId, last.id)).toEqual(last);
      const { result, due } = await catalogue.operations.finishImport(makeFinish(last));
      expect(result).toBe('finished');
      expect(due).toEqual(ids.length > 1 ? [makeDue(makeChain(projectId, ids.at(-2)))] : []);
    });

    test('does not wait for an import that waits for another import of its own backup', async () => {
      const [child] = (await start('child')) as [ItemOperation];
      const parent = await start('parent');
      await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('child', { backup_name: 'another' })]));
      const [running = child] = parent;
      await catalogue.operations.finishImport(makeFinish(running, missing('child')));
      expect(await catalogue.operations.finishImport(makeFinish(child, missing('parent')))).toMatchObject({
        result: 'cycle',
      });
    });
  });

  describe('a backup that builds on one whose import ends', () => {
    const broken = { status: 'error', fault: { code: 'parent_missing', detail: '' }, level: null } as const;
    const childChain = () => makeChain(projectId, 'chain-1/child');

    async function finishParent(
      record: Parameters<typeof makeRecord>[1],
      run: { readonly parentOperationId?: string } = {},
    ) {
      const [id = ''] = await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('parent')], run));
      const started = await catalogue.operations.startChain(makeChain(projectId), 'worker-1', 4_000);
      const operation = started.find((each) => each.id === id);
      if (operation === undefined) throw new Error('nothing was started');
      const before = await catalogue.backups.showBackup(projectId, 'parent');
      const decidedOnRevision = before?.revision ?? null;
      return catalogue.operations.finishImport(
        makeFinish(operation, { decidedOnRevision, record: makeRecord(operation, record) }),
      );
    }

    test('is imported in the same run if its parent had broken it and is whole now', async () => {
      await importBackup(catalogue, projectId, makeItem('child'), { record: { ...broken, parentBackupId: 'parent' } });
      const { due } = await finishParent({}, { parentOperationId: 'run-1' });
      expect(due).toEqual([makeDue(childChain())]);
      const [again] = await catalogue.operations.startChain(childChain(), 'worker-1', 5_000);
      expect(again).toMatchObject({ parentOperationId: 'run-1', item: { backup_id: 'child' }, actor: { name: 'ada' } });
    });

    test('is imported if it is available and its parent is no longer whole', async () => {
      await importBackup(catalogue, projectId, makeItem('parent'));
      await importBackup(catalogue, projectId, makeItem('child'), { record: { parentBackupId: 'parent' } });
      const { due } = await finishParent({ status: 'error', fault: { code: 'incomplete', detail: '' }, level: null });
      expect(due).toEqual([makeDue(childChain())]);
      expect(await catalogue.operations.startChain(childChain(), 'worker-1', 5_000)).toHaveLength(1);
    });

    test('is broken with it, however long the chain of those that build on each other', async () => {
      await importBackup(catalogue, projectId, makeItem('parent'));
      const descendants = Array.from({ length: 30 }, (_, index) => `child-${30 - index}`);
      for (const [index, id] of descendants.entries()) {
        const parentBackupId = descendants[index - 1] ?? 'parent';
        await importBackup(catalogue, projectId, makeItem(id), { record: { parentBackupId } });
      }
      await finishParent({ status: 'error', fault: { code: 'object_missing', detail: '' }, level: null });
      for (const id of descendants) {
        const record = await catalogue.backups.showBackup(projectId, id);
        expect(record).toMatchObject({ status: 'error', fault: { code: 'parent_broken' } });
      }
    });

    test('is not imported if its parent is unchanged, another reason broke it, or it is being imported', async () => {
      await importBackup(catalogue, projectId, makeItem('parent'));
      await importBackup(catalogue, projectId, makeItem('child'), { record: { parentBackupId: 'parent' } });
      expect((await finishParent({})).due).toEqual([]);
      const own = { ...broken, fault: { code: 'object_missing', detail: '' }, parentBackupId: 'parent' } as const;
      await importBackup(catalogue, projectId, makeItem('child'), { record: own });
      await finishParent({ status: 'error', fault: { code: 'incomplete', detail: '' } });
      expect((await finishParent({})).due).toEqual([]);
      await importBackup(catalogue, projectId, makeItem('child'), { record: { ...broken, parentBackupId: 'parent' } });
      await finishParent({ status: 'error', fault: { code: 'incomplete', detail: '' } });
      await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('child')], { chainRoot: 'elsewhere' }));
      expect((await finishParent({})).due).toEqual([]);
    });
  });
}

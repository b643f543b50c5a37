// Over 400 lines: this is one suite about imports and records, with one set of helpers.
import { v7 as newId } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { EdgeProof } from '../chain/proof/link.ts';
import { operationLivesMs } from '../deadline.ts';
import type { Catalogue } from './catalogue.ts';
import {
  acceptAndStart,
  acceptedIds,
  endedAs,
  importBackup,
  makeAcceptance,
  makeChain,
  makeDue,
  makeFinish,
  makeItem,
  makeListing,
  makeProof,
  makeRecord,
  type OpenCatalogue,
} from './fixtures-for-conformance.ts';

/** Tests what every catalogue does with imports, from their acceptance to their end. */
export function describeCatalogue(open: OpenCatalogue): void {
  let catalogue: Catalogue;
  let projectId: string;

  beforeAll(async () => {
    catalogue = await open();
  });
  // Each test has its own project, so that one database serves them all.
  beforeEach(() => {
    projectId = newId();
  });
  afterAll(() => catalogue[Symbol.asyncDispose]());

  describe('accept', () => {
    test('returns one id for each item, in the order of the request', async () => {
      const acceptance = makeAcceptance(projectId, [makeItem('b'), makeItem('a'), makeItem('c')]);
      expect(await acceptedIds(catalogue, acceptance)).toEqual(acceptance.items.map(({ id }) => id));
    });

    test('stores the request as a waiting operation', async () => {
      const item = makeItem('a', { backup_name: '備份 "1"' });
      const [id = ''] = await acceptedIds(catalogue, makeAcceptance(projectId, [item]));
      expect(await catalogue.operations.showOperation(projectId, id)).toEqual({
        id,
        projectId,
        kind: 'import',
        parentOperationId: null,
        storageUnitId: 'unit-1',
        bucketName: 'bucket-1',
        backupId: 'a',
        item,
        withAncestors: false,
        actor: { kind: 'user', name: 'ada' },
        requestId: 'request-1',
        status: 'waiting',
        outcome: null,
        message: '',
        fault: null,
        timeContradiction: null,
        level: null,
        incremental: null,
        requests: null,
        createdAtMs: 1_000,
        startedAtMs: null,
        endedAtMs: null,
        updatedAtMs: 1_000,
        deadlineAtMs: 1_000 + operationLivesMs,
        leaseOwner: null,
        epoch: 0,
        proofsNotBeforeMs: null,
        lane: 'mass',
        retries: { attempts: 0, firstFailureAtMs: null, notBeforeMs: null, fault: null },
        cancelRequestedAtMs: null,
      });
    });

    test('returns the id of a waiting or running operation for an equal item', async () => {
      const [waiting] = await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('a')]));
      expect(await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('a')]))).toEqual([waiting]);
      await catalogue.operations.startChain(makeChain(projectId), 'worker-1', 1_500);
      expect(await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('a')]))).toEqual([waiting]);
    });

    test.each([
      ['name', { backup_name: 'other' }],
      ['bucket', { bucket_name: 'other' }],
      ['path', { image_path: 'other' }],
      ['resource', { resource_id: 'other' }],
      ['resource name', { resource_name: 'other' }],
      ['resource type', { resource_type: 'other' }],
      ['time', { created_at: 1 }],
    ])('adds a new operation for an item of the same backup with another %s', async (_, change) => {
      const first = await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('a')]));
      const second = makeAcceptance(projectId, [makeItem('a', change)]);
      expect(await acceptedIds(catalogue, second)).toEqual([second.items[0]?.id]);
      expect(first).not.toEqual([second.items[0]?.id]);
    });

    test('adds a new operation for the same item on another storage unit or in another project', async () => {
      await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('a')]));
      const elsewhere = makeAcceptance(projectId, [makeItem('a')], { storageUnitId: 'unit-2' });
      expect(await acceptedIds(catalogue, elsewhere)).toEqual([elsewhere.items[0]?.id]);
      const other = makeAcceptance(newId(), [makeItem('a')]);
      expect(await acceptedIds(catalogue, other)).toEqual([other.items[0]?.id]);
    });

    test('adds a new operation for the same item with its ancestors', async () => {
      const alone = await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('a')]));
      const accept = () => acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('a')], { withAncestors: true }));
      const [id = ''] = await accept();
      expect(alone).not.toEqual([id]);
      expect(await accept()).toEqual([id]);
      expect(await catalogue.operations.showOperation(projectId, id)).toMatchObject({ withAncestors: true });
    });

    test('adds a new operation once the equal one has ended', async () => {
      await importBackup(catalogue, projectId, makeItem('a'));
      const again = makeAcceptance(projectId, [makeItem('a')]);
      expect(await acceptedIds(catalogue, again)).toEqual([again.items[0]?.id]);
    });

    test('accepts as many items as a scan may find', async () => {
      const items = Array.from({ length: 1_201 }, (_, index) => makeItem(`backup-${index}`));
      expect(new Set(await acceptedIds(catalogue, makeAcceptance(projectId, items))).size).toBe(1_201);
      expect(await catalogue.operations.startChain(makeChain(projectId), 'worker-1', 1_500)).toHaveLength(1_201);
    });

    test('writes nothing of a request if one of its items cannot be written', async () => {
      const taken = makeAcceptance(projectId, [makeItem('a')]);
      await acceptedIds(catalogue, taken);
      const clashing = makeAcceptance(projectId, [makeItem('b'), makeItem('c')]);
      const withTakenId = {
        ...clashing,
        items: clashing.items.map((each, index) => (index === 1 ? { ...each, id: taken.items[0]?.id ?? '' } : each)),
      };
      await expect(acceptedIds(catalogue, withTakenId)).rejects.toThrow();
      expect(await catalogue.operations.showOperation(projectId, clashing.items[0]?.id ?? '')).toBeNull();
    });
  });

  describe('startChain', () => {
    test('starts the waiting operations of the chain in the order of acceptance', async () => {
      const later = makeAcceptance(projectId, [makeItem('b')], { acceptedAtMs: 500 });
      const [a] = await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('a')]));
      const [b] = await acceptedIds(catalogue, later);
      await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('c')], { chainRoot: 'chain-2' }));
      const started = await catalogue.operations.startChain(makeChain(projectId), 'worker-1', 1_500);
      expect(
        started.map(({ id, status, leaseOwner, epoch, startedAtMs }) => [id, status, leaseOwner, epoch, startedAtMs]),
      ).toEqual([
        [a, 'running', 'worker-1', 1, 1_500],
        [b, 'running', 'worker-1', 1, 1_500],
      ]);
      expect(await catalogue.operations.showOperation(projectId, a ?? '')).toEqual(started[0]);
    });

    test('leaves operations of other owners, and restarts those that this owner has not finished', async () => {
      const [a] = await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('a')]));
      await catalogue.operations.startChain(makeChain(projectId), 'worker-1', 1_500);
      expect(await catalogue.operations.startChain(makeChain(projectId), 'worker-2', 1_600)).toEqual([]);
      const again = await catalogue.operations.startChain(makeChain(projectId), 'worker-1', 1_700);
      expect(again.map(({ id, epoch, startedAtMs }) => [id, epoch, startedAtMs])).toEqual([[a, 2, 1_700]]);
    });

    test('starts only the oldest operation of a backup, whatever their chains', async () => {
      const [first] = await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('a')]));
      const moved = makeItem('a', { image_path: 'chain-2/a' });
      await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('a', { backup_name: 'renamed' })]));
      await acceptedIds(catalogue, makeAcceptance(projectId, [moved], { chainRoot: 'chain-2' }));

      expect(await catalogue.operations.startChain(makeChain(projectId, 'chain-2'), 'worker-1', 1_500)).toEqual([]);
      const started = await catalogue.operations.startChain(makeChain(projectId), 'worker-1', 1_500);
      expect(started.map(({ id }) => id)).toEqual([first]);
      expect(await catalogue.operations.startChain(makeChain(projectId, 'chain-2'), 'worker-1', 1_500)).toEqual([]);
    });
  });

  test('startChildren starts only the imports that one operation accepted', async () => {
    const [parent = ''] = await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('a'), makeItem('b')]));
    await catalogue.operations.startChain(makeChain(projectId), 'worker-1', 1_500);
    const children = makeAcceptance(projectId, [makeItem('c'), makeItem('b', { backup_name: 'other' })], {
      parentOperationId: parent,
    });
    const [child] = await acceptedIds(catalogue, children);
    await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('d')]));
    const started = await catalogue.operations.startChildren(makeChain(projectId), parent, 'worker-1', 1_600);
    // The import of b waits for the other operation of b.
    expect(started.map(({ id, parentOperationId, epoch }) => [id, parentOperationId, epoch])).toEqual([
      [child, parent, 1],
    ]);
    expect(await catalogue.operations.startChildren(makeChain(projectId), parent, 'worker-1', 1_700)).toEqual([]);
  });

  describe('finishImport', () => {
    test('ends the operation and creates the record', async () => {
      const operation = await acceptAndStart(catalogue, projectId, makeItem('a'));
      const record = makeRecord(operation, {
        status: 'error',
        fault: { code: 'object_missing', detail: 'volume/1' },
        incremental: true,
        level: null,
      });
      const finish = makeFinish(operation, {
        status: 'failed',
        outcome: 'marked',
        fault: { code: 'object_missing', detail: 'volume/1' },
        record,
      });
      expect(await catalogue.operations.finishImport(finish)).toEqual({
        result: 'finished',
        ended: [endedAs(operation, 'failed', 'object_missing')],
        due: [],
      });

      expect(await catalogue.backups.showBackup(projectId, 'a')).toEqual({
        ...record,
        lastOperationId: operation.id,
        createdAtMs: 3_000,
        updatedAtMs: 3_000,
        revision: 1,
        sourceId: null,
        checkpointId: null,
      });
      expect(await catalogue.operations.showOperation(projectId, operation.id)).toEqual({
        ...operation,
        status: 'failed',
        outcome: 'marked',
        message: 'Recorded.',
        fault: { code: 'object_missing', detail: 'volume/1' },
        level: 'linkage',
        incremental: false,
        requests: { lists: 1, gets: 2, bytesRead: 300 },
        endedAtMs: 3_000,
        updatedAtMs: 3_000,
        leaseOwner: null,
      });
    });

    test('leaves the record unchanged if none is passed, however the operation ends', async () => {
      await importBackup(catalogue, projectId, makeItem('a'));
      const before = await catalogue.backups.showBackup(projectId, 'a');
      const operation = await acceptAndStart(catalogue, projectId, makeItem('a'));
      const finish = makeFinish(operation, {
        status: 'timeout',
        outcome: 'none',
        fault: { code: 'deadline_exceeded', detail: '' },
        record: null,
        decidedOnRevision: 1,
      });
      expect((await catalogue.operations.finishImport(finish)).result).toBe('finished');
      expect(await catalogue.backups.showBackup(projectId, 'a')).toEqual(before);
      expect((await catalogue.operations.showOperation(projectId, operation.id))?.status).toBe('timeout');
    });

    test('keeps the creation time of a record, and raises its revision by 1', async () => {
      await importBackup(catalogue, projectId, makeItem('a'), { endedAtMs: 3_000 });
      await importBackup(catalogue, projectId, makeItem('a', { backup_name: 'renamed' }), { endedAtMs: 4_000 });
      const record = await catalogue.backups.showBackup(projectId, 'a');
      expect(record).toMatchObject({ backupName: 'renamed', createdAtMs: 3_000, updatedAtMs: 4_000, revision: 2 });
    });

    test('does nothing under an earlier epoch', async () => {
      const lost = await acceptAndStart(catalogue, projectId, makeItem('a'));
      await catalogue.operations.releaseOperations('worker-1', 1_600);
      expect((await catalogue.operations.finishImport(makeFinish(lost))).result).toBe('stale_epoch');
      const [regained] = await catalogue.operations.startChain(makeChain(projectId), 'worker-2', 1_700);
      expect((await catalogue.operations.finishImport(makeFinish(lost))).result).toBe('stale_epoch');
      expect(await catalogue.backups.showBackup(projectId, 'a')).toBeNull();

      expect(regained?.epoch).toBe(2);
      if (regained !== undefined) {
        expect((await catalogue.operations.finishImport(makeFinish(regained))).result).toBe('finished');
        expect((await catalogue.operations.finishImport(makeFinish(regained))).result).toBe('stale_epoch');
      }
    });

    test('does nothing if the revision of the record has changed since the decision', async () => {
      await importBackup(catalogue, projectId, makeItem('a'));
      const operation = await acceptAndStart(catalogue, projectId, makeItem('a', { backup_name: 'renamed' }));
      for (const decidedOnRevision of [null, 2]) {
        const answer = await catalogue.operations.finishImport(makeFinish(operation, { decidedOnRevision }));
        expect(answer).toEqual({ result: 'stale_record', ended: [], due: [] });
      }
      expect(await catalogue.operations.showOperation(projectId, operation.id)).toEqual(operation);
    });

    test('returns the chains that waited for it, each once', async () => {
      const first = await acceptAndStart(catalogue, projectId, makeItem('a'));
      for (const name of ['second', 'third']) {
        await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('a', { backup_name: name })]));
      }
      const moved = makeItem('a', { image_path: 'chain-2/a' });
      await acceptedIds(catalogue, makeAcceptance(projectId, [moved], { chainRoot: 'chain-2' }));
      await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('b')], { chainRoot: 'chain-3' }));

      const { due } = await catalogue.operations.finishImport(makeFinish(first));
      expect(due).toHaveLength(2);
      expect(due).toEqual(
        expect.arrayContaining([makeDue(makeChain(projectId)), makeDue(makeChain(projectId, 'chain-2'))]),
      );
    });

    test('stores proofs, and finds the newest of each backup', async () => {
      const older = makeProof('a', { verifiedAtMs: 2_000, checkVersion: 'older' });
      const newer = makeProof('a', { verifiedAtMs: 2_001, fault: { code: 'geometry', detail: 'at 7' }, level: null });
      const parent = makeProof('p', { parentBackupId: null, parentListingDigest: null, limit: 'no hashes' });
      const operation = await acceptAndStart(catalogue, projectId, makeItem('a'));
      await catalogue.operations.finishImport(makeFinish(operation, { proofs: [newer, older, parent] }));

      const found = await catalogue.backups.findProofs(projectId, ['p', 'none', 'a', 'a']);
      expect(found).toHaveLength(2);
      expect(found).toEqual(expect.arrayContaining([newer, parent]));
      expect(await catalogue.backups.findProofs(projectId, [])).toEqual([]);
      expect(await catalogue.backups.findProofs(newId(), ['a'])).toEqual([]);
    });

    test('finds the listing on which a backup was last proved at its place', async () => {
      const proofOn = (digest: string, verifiedAtMs: number, changes: Partial<EdgeProof> = {}) =>
        makeProof('a', { listing: makeListing(digest), verifiedAtMs, ...changes });
      const { location } = makeProof('a');
      const elsewhere = { ...location, bucketName: 'bucket-2' };
      const proofs = [
        proofOn('first', 2_000),
        proofOn('second', 2_001, { level: 'inventory', limit: 'no hashes' }),
        proofOn('third', 2_002, { level: 'metadata', limit: 'too much to read' }),
        proofOn('fourth', 2_003, { level: 'inventory', fault: { code: 'geometry', detail: 'at 7' } }),
        proofOn('fifth', 2_004, { location: elsewhere }),
      ];
      const operation = await acceptAndStart(catalogue, projectId, makeItem('a'));
      await catalogue.operations.finishImport(makeFinish(operation, { proofs }));

      expect(await catalogue.backups.provedListing(projectId, 'a', location)).toBe('second');
      expect(await catalogue.backups.provedListing(projectId, 'a', elsewhere)).toBe('fifth');
      expect(await catalogue.backups.provedListing(projectId, 'a', { ...location, imagePath: 'b' })).toBeNull();
      expect(await catalogue.backups.provedListing(projectId, 'b', location)).toBeNull();
      expect(await catalogue.backups.provedListing(newId(), 'a', location)).toBeNull();
    });
  });

  describe('releaseOperations', () => {
    test('makes the operations of one worker wait again, and returns their chains', async () => {
      const first = await acceptAndStart(catalogue, projectId, makeItem('a'));
      await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('b')], { chainRoot: 'chain-2' }));
      const owner = newId();
      await catalogue.operations.startChain(makeChain(projectId, 'chain-2'), owner, 1_500);

      expect(await catalogue.operations.releaseOperations(owner, 1_600)).toEqual([
        makeDue(makeChain(projectId, 'chain-2')),
      ]);
      expect(await catalogue.operations.showOperation(projectId, first.id)).toEqual(first);
      const [again] = await catalogue.operations.startChain(makeChain(projectId, 'chain-2'), 'worker-2', 1_700);
      expect(again).toMatchObject({ status: 'running', epoch: 2, startedAtMs: 1_700 });
    });

    test('returns every chain with unfinished imports if all workers are released', async () => {
      await acceptAndStart(catalogue, projectId, makeItem('a'));
      await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('b')], { chainRoot: 'chain-2' }));
      await importBackup(catalogue, projectId, makeItem('c'));

      const chains = (await catalogue.operations.releaseOperations(null, 1_600)).filter(
        (due) => due.kind === 'chain' && due.chain.projectId === projectId,
      );
      expect(chains).toHaveLength(2);
      expect(chains).toEqual(
        expect.arrayContaining([makeDue(makeChain(projectId)), makeDue(makeChain(projectId, 'chain-2'))]),
      );
      expect(await catalogue.operations.startChain(makeChain(projectId), 'worker-2', 1_700)).toHaveLength(1);
    });
  });

  test('ping succeeds', async () => {
    await expect(catalogue.upkeep.ping()).resolves.toBeUndefined();
  });
}

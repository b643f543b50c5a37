import { v7 as newId } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { longestRetryDelayMs } from '../deadline.ts';
import type { Outage } from '../storage/outage.ts';
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
  makeRun,
  type OpenCatalogue,
  showImport,
  storageUnitId,
} from './fixtures-for-conformance.ts';
import type { ItemOperation, OverdueWaits, Retry } from './operation-records.ts';

const fault = { code: 'storage_unreachable', detail: 'bucket-1/chain-1/a: no answer' } as const;
const requests = { lists: 1, gets: 2, bytesRead: 3 };
const notBeforeMs = 60_000;

/** Tests how every catalogue treats retries, cancellation and buckets that do not answer. */
export function describeRetries(open: OpenCatalogue): void {
  let catalogue: Catalogue;
  let projectId: string;

  beforeAll(async () => {
    catalogue = await open();
  });
  afterAll(() => catalogue[Symbol.asyncDispose]());
  beforeEach(() => {
    projectId = newId();
  });

  const show = (id: string) => showImport(catalogue, projectId, id);
  const retryOf = ({ id, epoch }: { readonly id: string; readonly epoch: number }): Retry => ({
    operationId: id,
    epoch,
    failedAtMs: 2_000,
    notBeforeMs,
    fault,
    requests,
  });

  describe('an import that storage did not answer', () => {
    let operation: ItemOperation;

    beforeEach(async () => {
      operation = await acceptAndStart(catalogue, projectId, makeItem('a'));
    });
    const start = (nowMs: number) => catalogue.operations.startChain(makeChain(projectId), 'worker-1', nowMs);
    const due = { chain: { bucketName: 'bucket-1' }, lane: 'mass', notBeforeMs };

    test('waits until its next attempt is due, and says why', async () => {
      expect(await catalogue.operations.retryOperation(retryOf(operation))).toMatchObject({ ended: [], due: [due] });
      expect(await show(operation.id)).toMatchObject({
        status: 'waiting',
        retries: { attempts: 1, firstFailureAtMs: 2_000, notBeforeMs, fault },
        requests,
        leaseOwner: null,
        endedAtMs: null,
      });
      expect(await start(notBeforeMs - 1)).toEqual([]);
      expect(await catalogue.operations.retryOfChain(makeChain(projectId))).toMatchObject(due);
      const [again] = await start(notBeforeMs);
      expect(again).toMatchObject({
        id: operation.id,
        epoch: 2,
        retries: { attempts: 1, firstFailureAtMs: 2_000, notBeforeMs: null, fault: null },
      });
      expect(await catalogue.operations.retryOfChain(makeChain(projectId))).toBeNull();
    });

    test('counts its attempts from the first that failed, and ends with the requests of all', async () => {
      await catalogue.operations.retryOperation(retryOf(operation));
      const [second] = await start(notBeforeMs);
      if (second === undefined) throw new Error('nothing was started');
      await catalogue.operations.retryOperation({ ...retryOf(second), failedAtMs: 70_000, notBeforeMs: 80_000 });
      const [third] = await start(80_000);
      if (third === undefined) throw new Error('nothing was started');
      expect(third.retries).toMatchObject({ attempts: 2, firstFailureAtMs: 2_000 });
      await catalogue.operations.finishImport(makeFinish(third, { requests }));
      expect((await show(operation.id)).requests).toEqual({ lists: 3, gets: 6, bytesRead: 9 });
    });

    test('keeps running if its former worker asks for a retry', async () => {
      expect(await catalogue.operations.retryOperation({ ...retryOf(operation), epoch: 7 })).toBeNull();
      expect((await show(operation.id)).status).toBe('running');
    });

    test('does not block the others of its chain, and keeps its time while they are worked on', async () => {
      await catalogue.operations.retryOperation(retryOf(operation));
      const [other] = await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('b')]));
      expect(await start(3_000)).toMatchObject([{ id: other }]);
      expect(await catalogue.operations.retryOfChain(makeChain(projectId))).toMatchObject(due);
    });

    test('still waits after a restart', async () => {
      await catalogue.operations.retryOperation(retryOf(operation));
      const released = await catalogue.operations.releaseOperations(null, 3_000);
      expect(released.filter((each) => each.kind === 'chain' && each.chain.projectId === projectId)).toMatchObject([
        due,
      ]);
      expect(await start(notBeforeMs - 1)).toEqual([]);
    });

    test('is started immediately if the clock was set back by more than any delay', async () => {
      await catalogue.operations.retryOperation(retryOf(operation));
      expect(await start(notBeforeMs - longestRetryDelayMs)).toEqual([]);
      expect(await start(notBeforeMs - longestRetryDelayMs - 1)).toHaveLength(1);
    });

    test('starts to count again when its storage has answered and it waits for a parent', async () => {
      await catalogue.operations.retryOperation(retryOf(operation));
      await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('parent')], { chainRoot: 'elsewhere' }));
      const [again] = await start(notBeforeMs);
      if (again === undefined) throw new Error('nothing was started');
      const missingParent = { backupId: 'parent', revision: null };
      await catalogue.operations.finishImport(makeFinish(again, { missingParent }));
      expect((await show(operation.id)).retries).toMatchObject({ attempts: 0, firstFailureAtMs: null });
    });
  });

  describe('a single operation that storage did not answer', () => {
    test('waits until its next attempt is due, keeps its progress, and ends with the requests of all', async () => {
      const run = { ...makeRun(projectId, '', newId()), sourceId: null };
      await catalogue.operations.addOperation(run);
      const operation = await catalogue.operations.startOperation(run.id, 'worker-1', 1_500);
      if (operation === null) throw new Error('nothing was started');
      const retried = await catalogue.operations.retryOperation({ ...retryOf(operation), progress: { objects: 7 } });
      const due = retried?.due[0];
      expect(retried).toEqual({ ended: [], due: [due] });
      expect(due).toMatchObject({ operation: { id: run.id, kind: 'scan' }, lane: 'mass', notBeforeMs });
      expect(await catalogue.operations.startOperation(run.id, 'worker-1', notBeforeMs - 1)).toBeNull();
      expect(await catalogue.operations.retryOfOperation(run.id)).toEqual(due);
      expect(await catalogue.operations.releaseOperations(null, 3_000)).toContainEqual(due);
      const again = await catalogue.operations.startOperation(run.id, 'worker-1', notBeforeMs);
      if (again === null) throw new Error('nothing was started');
      expect(again).toMatchObject({ progress: { objects: 7 }, retries: { attempts: 1, notBeforeMs: null } });
      expect(await catalogue.operations.retryOfOperation(run.id)).toBeNull();
      const end = { id: run.id, epoch: again.epoch, progress: {}, result: null, requests, endedAtMs: 4_000 } as const;
      await catalogue.operations.finishOperation({
        ...end,
        status: 'success',
        message: '',
        fault: null,
      });
      expect((await catalogue.operations.showOperation(projectId, run.id))?.requests).toEqual({
        lists: 2,
        gets: 4,
        bytesRead: 6,
      });
    });

    test('ends immediately when it is cancelled', async () => {
      const run = { ...makeRun(projectId, '', newId()), sourceId: null };
      await catalogue.operations.addOperation(run);
      const operation = await catalogue.operations.startOperation(run.id, 'worker-1', 1_500);
      if (operation === null) throw new Error('nothing was started');
      await catalogue.operations.retryOperation({ ...retryOf(operation), progress: {} });
      expect(await catalogue.operations.cancelOperation(projectId, run.id, 3_000)).toMatchObject({
        operation: {
          status: 'failed',
          fault: { code: 'cancelled' },
          message: 'cancelled while it waited for another attempt',
          retries: { notBeforeMs: null, fault: null },
        },
        ended: [endedAs(operation, 'failed', 'cancelled')],
        due: [],
      });
    });
  });

  describe('a single operation that is cancelled just before its work ends', () => {
    const cancelRunning = async () => {
      const run = { ...makeRun(projectId, '', newId()), sourceId: null };
      await catalogue.operations.addOperation(run);
      const operation = await catalogue.operations.startOperation(run.id, 'worker-1', 1_500);
      if (operation === null) throw new Error('nothing was started');
      expect(await catalogue.operations.cancelOperation(projectId, run.id, 1_600)).toMatchObject({
        operation: { status: 'running' },
        ended: [],
        due: [],
      });
      return operation;
    };

    test('is not retried', async () => {
      const operation = await cancelRunning();
      expect(await catalogue.operations.retryOperation({ ...retryOf(operation), progress: {} })).toEqual({
        ended: [endedAs(operation, 'failed', 'cancelled')],
        due: [],
      });
      const ended = { status: 'failed', fault: { code: 'cancelled' }, retries: { notBeforeMs: null } };
      expect(await catalogue.operations.showOperation(projectId, operation.id)).toMatchObject(ended);
    });

    test('does not wait for its imports, which continue', async () => {
      const operation = await cancelRunning();
      const parent = { parentOperationId: operation.id };
      const [id = ''] = await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('a')], parent));
      const listing = { message: 'listed', progress: {}, result: {}, requests, listedAtMs: 2_000 };
      expect(
        await catalogue.operations.finishListing({ id: operation.id, epoch: operation.epoch, ...listing }),
      ).toEqual([endedAs(operation, 'failed', 'cancelled')]);
      const ended = { status: 'failed', fault: { code: 'cancelled' }, message: 'listed; its imports continue' };
      expect(await catalogue.operations.showOperation(projectId, operation.id)).toMatchObject(ended);
      expect(await show(id)).toMatchObject({ status: 'waiting' });
    });
  });

  describe('an import that is cancelled', () => {
    const cancel = (id: string) => catalogue.operations.cancelOperation(projectId, id, 5_000);
    const cancelled = { status: 'failed', outcome: 'none', fault: { code: 'cancelled' }, endedAtMs: 5_000 };

    test('ends immediately while it waits, and imports that waited for it can continue', async () => {
      const [id = ''] = await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('a')]));
      const renamed = makeAcceptance(projectId, [makeItem('a', { backup_name: 'renamed' })], { chainRoot: 'chain-2' });
      await acceptedIds(catalogue, renamed);
      expect(await cancel(id)).toMatchObject({
        operation: cancelled,
        ended: [{ id, kind: 'import', status: 'failed' }],
        due: [makeDue(makeChain(projectId, 'chain-2'))],
      });
      expect(await catalogue.operations.startChain(makeChain(projectId, 'chain-2'), 'worker-1', 6_000)).toHaveLength(1);
    });

    test('lets imports that waited for its backup look again', async () => {
      const child = await acceptAndStart(catalogue, projectId, makeItem('child'));
      const elsewhere = { chainRoot: 'chain-2' };
      const [id = ''] = await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('parent')], elsewhere));
      const missingParent = { backupId: 'parent', revision: null };
      await catalogue.operations.finishImport(makeFinish(child, { missingParent }));
      expect(await cancel(id)).toMatchObject({ due: [makeDue(makeChain(projectId))] });
      expect(await catalogue.operations.startChain(makeChain(projectId), 'worker-1', 6_000)).toMatchObject([
        { id: child.id },
      ]);
    });

    test('ends the run that waited only for it', async () => {
      const run = { ...makeRun(projectId, '', newId()), sourceId: null, request: { prefix: '', pathTemplate: null } };
      await catalogue.operations.addOperation(run);
      const scan = await catalogue.operations.startOperation(run.id, 'worker-1', 1_500);
      const parent = { parentOperationId: run.id };
      const [id = ''] = await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('a')], parent));
      const listing = { message: 'listed', progress: {}, result: {}, requests, listedAtMs: 2_000 };
      await catalogue.operations.finishListing({ id: run.id, epoch: scan?.epoch ?? 0, ...listing });
      const { ended } = (await cancel(id)) ?? {};
      expect(ended?.map((each) => each.id)).toEqual([id, run.id]);
      expect(await catalogue.operations.showOperation(projectId, run.id)).toMatchObject({
        status: 'failed',
        fault: { code: 'cancelled' },
      });
    });

    test('records nothing that was found while it ran', async () => {
      const operation = await acceptAndStart(catalogue, projectId, makeItem('a'));
      expect(await cancel(operation.id)).toMatchObject({
        operation: { status: 'running', cancelRequestedAtMs: 5_000 },
        ended: [],
        due: [],
      });
      expect(await catalogue.operations.cancelledImports(makeChain(projectId))).toEqual([operation.id]);
      await catalogue.operations.finishImport(makeFinish(operation, { endedAtMs: 5_000 }));
      expect(await show(operation.id)).toMatchObject(cancelled);
      expect(await catalogue.backups.showBackup(projectId, 'a')).toBeNull();
      expect(await catalogue.operations.cancelledImports(makeChain(projectId))).toEqual([]);
    });

    test('is not retried', async () => {
      const operation = await acceptAndStart(catalogue, projectId, makeItem('a'));
      await cancel(operation.id);
      expect(await catalogue.operations.retryOperation({ ...retryOf(operation), failedAtMs: 5_000 })).toMatchObject({
        ended: [endedAs(operation, 'failed', 'cancelled')],
      });
      expect(await show(operation.id)).toMatchObject(cancelled);
    });

    test('stays unchanged if it has ended; imports of other projects are not found', async () => {
      const { id } = await importBackup(catalogue, projectId, makeItem('a'));
      expect(await cancel(id)).toMatchObject({ operation: { status: 'success' }, ended: [], due: [] });
      expect(await catalogue.operations.cancelOperation('another', id, 5_000)).toBeNull();
      expect(await cancel(newId())).toBeNull();
    });
  });

  describe('a bucket that does not answer', () => {
    let outage: Outage;

    beforeEach(() => {
      outage = {
        storageUnitId,
        bucketName: `bucket-${newId()}`,
        fault: { code: 'storage_unreachable', detail: 'no answer' },
        beganAtMs: 1_000,
        attempts: 1,
        notBeforeMs,
      };
    });
    const inBucket = (backupId: string) => makeItem(backupId, { bucket_name: outage.bucketName });
    const chain = (chainRoot = 'chain-1') => ({ ...makeChain(projectId, chainRoot), bucketName: outage.bucketName });
    const ofBucket = async () =>
      (await catalogue.outages.listOutages()).filter(({ bucketName }) => bucketName === outage.bucketName);

    test('is stored until it answers', async () => {
      await catalogue.outages.saveOutage(outage);
      const later = {
        ...outage,
        fault: { code: 'storage_throttled', detail: 'no answer' },
        attempts: 2,
        notBeforeMs: 90_000,
      } as const;
      await catalogue.outages.saveOutage(later);
      expect(await ofBucket()).toEqual([later]);
      await catalogue.outages.endOutage(storageUnitId, 'another');
      expect(await ofBucket()).toEqual([later]);
      await catalogue.outages.endOutage(storageUnitId, outage.bucketName);
      expect(await ofBucket()).toEqual([]);
    });

    test('makes only the operations that waited for it due immediately when it answers', async () => {
      await acceptedIds(catalogue, makeAcceptance(projectId, [inBucket('a'), inBucket('b')]));
      const [a, b] = await catalogue.operations.startChain(chain(), 'worker-1', 1_500);
      if (a === undefined || b === undefined) throw new Error('expected two operations to start');
      const changed = { code: 'changed_while_read', detail: '' } as const;
      await catalogue.operations.retryOperation(retryOf(a));
      await catalogue.operations.retryOperation({ ...retryOf(b), fault: changed });
      await catalogue.outages.endOutage(storageUnitId, outage.bucketName);
      expect(await catalogue.operations.startChain(chain(), 'worker-1', 3_000)).toMatchObject([{ id: a.id }]);
    });

    const overdue = (changes: Partial<OverdueWaits> = {}) =>
      catalogue.operations.endOverdueWaits({
        storageUnitId,
        bucketName: outage.bucketName,
        acceptedByMs: 1_000,
        fault,
        endedAtMs: 9_000,
        limit: 10,
        ...changes,
      });

    test('ends operations that have waited for it too long, tried or not, and nothing else', async () => {
      const acceptance = makeAcceptance(projectId, [inBucket('tried'), inBucket('running'), inBucket('behind')]);
      const [tried, running, behind] = await acceptedIds(catalogue, acceptance);
      await catalogue.operations.startChain(chain(), 'worker-1', 1_500);
      await catalogue.operations.retryOperation(retryOf({ id: tried ?? '', epoch: 1 }));
      const missingParent = { backupId: 'tried', revision: null };
      await catalogue.operations.finishImport(makeFinish(await show(behind ?? ''), { missingParent }));
      const [untried] = await acceptedIds(catalogue, makeAcceptance(projectId, [inBucket('untried')]));
      const elsewhere = await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('elsewhere')]));
      const later = makeAcceptance(projectId, [inBucket('later')], { acceptedAtMs: 1_001 });
      const lateIds = await acceptedIds(catalogue, later);
      const scan = { ...makeRun(projectId, '', newId()), sourceId: null, bucketName: outage.bucketName };
      await catalogue.operations.addOperation({ ...scan, parentOperationId: 'run-1' });

      const { ended, due } = await overdue();
      expect(new Set(ended.map(({ id }) => id))).toEqual(new Set([tried, untried, scan.id]));
      expect(new Set(ended.map(({ parentOperationId }) => parentOperationId))).toEqual(new Set([null, 'run-1']));
      expect(due).toContainEqual(expect.objectContaining({ chain: chain() }));
      const end = {
        status: 'failed',
        fault,
        endedAtMs: 9_000,
      };
      for (const id of [tried, untried]) expect(await show(id ?? '')).toMatchObject({ ...end, outcome: 'none' });
      expect(await catalogue.operations.showOperation(projectId, scan.id)).toMatchObject(end);
      for (const id of [...elsewhere, ...lateIds]) expect((await show(id)).status).toBe('waiting');
      expect((await show(running ?? '')).status).toBe('running');
      // An import whose parent has ended can look again, or is overdue itself.
      expect(await show(behind ?? '')).toMatchObject({ status: 'waiting', message: '' });
      expect((await overdue()).ended).toHaveLength(1);
      expect((await overdue()).ended).toHaveLength(0);
    });

    test('ends no more operations in a step than its limit', async () => {
      await acceptedIds(catalogue, makeAcceptance(projectId, [inBucket('a'), inBucket('b'), inBucket('c')]));
      const ended: number[] = [];
      while (ended.at(-1) !== 0) ended.push((await overdue({ limit: 2 })).ended.length);
      expect(ended).toEqual([2, 1, 0]);
    });
  });

  test('counts the unfinished imports of a project', async () => {
    const [first = ''] = await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('a'), makeItem('b')]));
    await acceptedIds(catalogue, makeAcceptance(newId(), [makeItem('a')]));
    await catalogue.operations.addOperation({ ...makeRun(projectId, '', newId()), sourceId: null });
    expect(await catalogue.operations.countBacklog(projectId)).toBe(2);
    await catalogue.operations.cancelOperation(projectId, first, 2_000);
    expect(await catalogue.operations.countBacklog(projectId)).toBe(1);
  });
}

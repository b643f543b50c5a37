import { v7 as newId } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { operationLivesMs } from '../deadline.ts';
import type { Catalogue } from './catalogue.ts';
import {
  acceptAndStart,
  acceptedIds,
  endedAs,
  makeAcceptance,
  makeChain,
  makeFinish,
  makeItem,
  type OpenCatalogue,
} from './fixtures-for-conformance.ts';
import type { NewOperation } from './operation-records.ts';

/** Tests what every event store does, along with every step that changes an operation. */
export function describeEventStore(open: OpenCatalogue): void {
  let catalogue: Catalogue;
  let projectId: string;

  beforeAll(async () => {
    catalogue = await open();
  });
  beforeEach(async () => {
    projectId = newId();
  });
  afterAll(() => catalogue[Symbol.asyncDispose]());

  async function read(changes: { operationId?: string; after?: number; limit?: number } = {}) {
    const query = { projectId, operationId: null, after: 0, limit: 100, ...changes };
    const page = await catalogue.events.listEvents(query);
    if (page === 'gone') throw new Error('the events are gone');
    return page;
  }

  async function transitions() {
    const { events } = await read();
    return events.map(({ operation }) => [operation.id, operation.status]);
  }

  const newOperation = (): NewOperation => ({
    id: newId(),
    projectId,
    kind: 'verify',
    parentOperationId: null,
    storageUnitId: 'unit-1',
    bucketName: 'bucket-1',
    backupId: 'a',
    sourceId: null,
    request: null,
    actor: { kind: 'user', name: 'ada' },
    requestId: 'request-1',
    createdAtMs: 1_000,
    lane: 'mass',
  });

  test('an import has events for its acceptance, its start, its return to waiting and its end', async () => {
    const [id = ''] = await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('a')]));
    await catalogue.operations.startChain(makeChain(projectId), 'owner', 2_000);
    await catalogue.operations.releaseOperations('owner', 2_500);
    const [operation] = await catalogue.operations.startChain(makeChain(projectId), 'owner', 2_600);
    if (operation === undefined) throw new Error('nothing was started');
    await catalogue.operations.finishImport(makeFinish(operation));
    const statuses = ['waiting', 'running', 'waiting', 'running', 'success'];
    expect(await transitions()).toEqual(statuses.map((status) => [id, status]));
  });

  test('an import that waits for its parent has an event for that, and names the parent while it waits', async () => {
    const operation = await acceptAndStart(catalogue, projectId, makeItem('a'));
    const [parentOperationId = ''] = await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('parent')]));
    const missingParent = { backupId: 'parent', revision: null };
    await catalogue.operations.finishImport(makeFinish(operation, { missingParent }));
    expect(await transitions()).toEqual([
      [operation.id, 'waiting'],
      [operation.id, 'running'],
      [parentOperationId, 'waiting'],
      [operation.id, 'waiting'],
    ]);
    const waiting = await catalogue.operations.showOperation(projectId, operation.id);
    expect(waiting).toMatchObject({ startedAtMs: null, message: expect.stringContaining('backup parent') });
    const [parent] = await catalogue.operations.startChain(makeChain(projectId), 'worker-1', 2_000);
    if (parent === undefined) throw new Error('nothing was started');
    await catalogue.operations.finishImport(makeFinish(parent));
    expect(await catalogue.operations.showOperation(projectId, operation.id)).toMatchObject({
      status: 'waiting',
      message: '',
    });
  });

  test('an event shows the operation as it was at that time', async () => {
    const operation = await acceptAndStart(catalogue, projectId, makeItem('a'));
    await catalogue.operations.finishImport(makeFinish(operation));
    const { events } = await read();
    const [accepted, started, ended] = events.map((event) => event.operation);
    expect(accepted).toMatchObject({
      status: 'waiting',
      startedAtMs: null,
      endedAtMs: null,
      message: '',
      requests: null,
    });
    expect(started).toEqual({ ...operation, epoch: ended?.epoch, leaseOwner: null });
    expect(ended).toEqual(await catalogue.operations.showOperation(projectId, operation.id));
  });

  test('a deletion has one event, which names the deleted backup', async () => {
    const operation = await acceptAndStart(catalogue, projectId, makeItem('a'));
    await catalogue.operations.finishImport(makeFinish(operation));
    const operationId = newId();
    const actor = { kind: 'user', name: 'ada' } as const;
    await catalogue.backups.deleteBackup({
      operationId,
      projectId,
      backupId: 'a',
      actor,
      requestId: 'r',
      deletedAtMs: 4_000,
    });
    const { events } = await read({ operationId });
    expect(events.map((event) => event.operation)).toEqual([
      await catalogue.operations.showOperation(projectId, operationId),
    ]);
  });

  test('a single operation has events for every transition, and for its cancellation', async () => {
    const operation = newOperation();
    await catalogue.operations.addOperation(operation);
    await catalogue.operations.startOperation(operation.id, 'owner', 2_000);
    await catalogue.operations.saveProgress(operation.id, 1, { objects: 1 }, 2_100);
    await catalogue.operations.releaseOperations('owner', 2_200);
    await catalogue.operations.startOperation(operation.id, 'owner', 2_300);
    await catalogue.operations.cancelOperation(projectId, operation.id, 2_400);
    const finish = {
      id: operation.id,
      epoch: 2,
      status: 'timeout',
      message: '',
      fault: { code: 'deadline_exceeded', detail: '' },
      progress: {},
      result: null,
      requests: { lists: 0, gets: 0, bytesRead: 0 },
      endedAtMs: 3_000,
    } as const;
    expect(await catalogue.operations.finishOperation(finish)).toEqual([
      endedAs(operation, 'timeout', 'deadline_exceeded'),
    ]);
    expect(await catalogue.operations.finishOperation(finish)).toBeNull();
    const statuses = ['waiting', 'running', 'waiting', 'running', 'running', 'timeout'];
    expect(await transitions()).toEqual(statuses.map((status) => [operation.id, status]));
  });

  test('a single operation that is cancelled before it started has an event for its end', async () => {
    const operation = newOperation();
    await catalogue.operations.addOperation(operation);
    await catalogue.operations.cancelOperation(projectId, operation.id, 2_000);
    expect(await transitions()).toEqual([
      [operation.id, 'waiting'],
      [operation.id, 'failed'],
    ]);
  });

  describe('a scan that imports', () => {
    const listed = async () => {
      const run: NewOperation = {
        ...newOperation(),
        kind: 'scan',
        backupId: null,
        request: { prefix: '', pathTemplate: null },
      };
      await catalogue.operations.addOperation(run);
      await catalogue.operations.startOperation(run.id, 'owner', 2_000);
      const [joined = ''] = await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('a')]));
      const parentOperationId = run.id;
      const items = [makeItem('a'), makeItem('b')];
      const [again, own = ''] = await acceptedIds(catalogue, makeAcceptance(projectId, items, { parentOperationId }));
      expect(again).toBe(joined);
      const requests = { lists: 1, gets: 0, bytesRead: 0 };
      const listing = {
        id: run.id,
        epoch: 1,
        message: 'listed',
        progress: {},
        result: {},
        requests,
        listedAtMs: 2_500,
      };
      expect(await catalogue.operations.finishListing({ ...listing, epoch: 7 })).toBeNull();
      expect(await catalogue.operations.finishListing(listing)).toEqual([]);
      const ofRun = async () => (await transitions()).flatMap(([id, status]) => (id === run.id ? [status] : []));
      return { run, joined, own, ofRun };
    };

    test('ends when the last import that it accepted or joined has ended', async () => {
      const { run, ofRun } = await listed();
      const started = await catalogue.operations.startChain(makeChain(projectId), 'owner', 2_600);
      for (const [index, operation] of started.entries()) {
        expect(await ofRun()).toEqual(['waiting', 'running']);
        const isLast = index === started.length - 1;
        const failure = { status: 'failed', fault: { code: 'access_denied', detail: '' }, record: null } as const;
        const { ended } = await catalogue.operations.finishImport(makeFinish(operation, isLast ? {} : failure));
        expect(ended).toEqual(
          isLast
            ? [endedAs(operation, 'success'), endedAs(run, 'failed', 'access_denied')]
            : [endedAs(operation, 'failed', 'access_denied')],
        );
      }
      expect(started).toHaveLength(2);
      expect(await ofRun()).toEqual(['waiting', 'running', 'failed']);
      expect(await catalogue.operations.showOperation(projectId, run.id)).toMatchObject({
        message: 'listed; 1 imported, 1 in error',
        fault: { code: 'access_denied', detail: 'bucket-1/chain-1/a' },
        result: { sync_backup_num: 1, err_sync_backup_num: 1 },
      });
    });

    test('does not wait again, and ends immediately when it is cancelled', async () => {
      const { run, ofRun } = await listed();
      expect(await catalogue.operations.releaseOperations('owner', 2_700)).not.toContainEqual(
        expect.objectContaining({ id: run.id }),
      );
      await catalogue.operations.cancelOperation(projectId, run.id, 2_800);
      expect(await ofRun()).toEqual(['waiting', 'running', 'failed']);
    });

    test('ends at its deadline', async () => {
      const { ofRun } = await listed();
      await catalogue.operations.endOverdueRuns(1_000 + operationLivesMs);
      expect(await ofRun()).toEqual(['waiting', 'running', 'timeout']);
    });
  });

  test('pages have no gaps or repeats, and the cursors count only the events of their project', async () => {
    const items = Array.from({ length: 7 }, (_, index) => makeItem(`b${index}`));
    const ids = await acceptedIds(catalogue, makeAcceptance(projectId, items));
    await acceptedIds(catalogue, makeAcceptance(newId(), items));
    expect(await catalogue.events.newestCursor(projectId)).toBe(7);
    const seen: string[] = [];
    let after = 0;
    while (true) {
      const page = await read({ after, limit: 3 });
      seen.push(...page.events.map(({ operation }) => operation.id));
      after = page.upTo;
      if (!page.isFull) break;
    }
    expect(seen).toEqual(ids);
    expect(after).toBe(await catalogue.events.newestCursor(projectId));
  });

  test('a cursor that was never issued is refused', async () => {
    const after = (await catalogue.events.newestCursor(projectId)) + 1;
    expect(await catalogue.events.listEvents({ projectId, operationId: null, after, limit: 1 })).toBe('gone');
  });

  test('readers are notified of new events', async () => {
    const told = new Promise<void>((resolve) => catalogue.onEvents(resolve));
    const [id] = await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('a')]));
    await told;
    expect(await transitions()).toEqual([[id, 'waiting']]);
  });
}

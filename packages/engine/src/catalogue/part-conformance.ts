import { v7 as newId } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Fault } from '../chain/proof/link.ts';
import type { Catalogue } from './catalogue.ts';
import type { OpenCatalogue } from './fixtures-for-conformance.ts';
import type { HeldPart, PartWork, PlannedPart } from './part-records.ts';

const noRequests = { lists: 0, gets: 0, bytesRead: 0 };
const fault = { code: 'content_mismatch', detail: 'chain-1/a-00002: its plain bytes differ' } as const;

/** Two ranges of the full backup, and the whole of its increment. */
const planned: readonly PlannedPart[] = [
  { backupId: 'full', firstObject: 0, objectCount: 10, link: 0, listingDigest: 'digest-1' },
  { backupId: 'full', firstObject: 10, objectCount: null, link: 0, listingDigest: 'digest-1' },
  { backupId: 'child', firstObject: 0, objectCount: null, link: 1, listingDigest: 'digest-2' },
];

/** Tests what every catalogue does with the parts of verifications. */
export function describeParts(open: OpenCatalogue): void {
  let catalogue: Catalogue;
  let operationId: string;
  let projectId: string;
  let epoch: number;

  beforeAll(async () => {
    catalogue = await open();
  });
  afterAll(() => catalogue[Symbol.asyncDispose]());
  beforeEach(async () => {
    operationId = newId();
    projectId = newId();
    await catalogue.operations.addOperation({
      id: operationId,
      projectId,
      kind: 'verify',
      parentOperationId: null,
      storageUnitId: 'unit-1',
      bucketName: 'bucket',
      backupId: 'child',
      sourceId: null,
      request: { level: 'content', readAfterMs: 0 },
      actor: { kind: 'user', name: 'ada' },
      requestId: 'request-1',
      createdAtMs: 1_000,
      lane: 'mass',
    });
    epoch = await start();
    expect(await openAgain()).toBe(true);
  });

  /** Starts the operation, and returns its epoch. */
  const start = async (leaseOwner = 'worker-1') =>
    (await catalogue.operations.startOperation(operationId, leaseOwner, 2_000))?.epoch ?? 0;
  const openAgain = (parts = planned, leaseOwner = 'worker-1') =>
    catalogue.parts.openParts({ operationId, epoch, leaseOwner }, parts);
  const list = () => catalogue.parts.listParts(operationId, { from: 0, count: null });
  const states = async () => (await list()).map(({ state }) => state);
  const claim = async (leaseOwner = 'worker-1', at: { backupId: string; firstObject: number } | null = null) => {
    const part = await catalogue.parts.claimPart({ operationId, leaseOwner, at });
    if (part === null) throw new Error('there is an open part');
    return part;
  };
  const claimNone = (leaseOwner = 'worker-1') => catalogue.parts.claimPart({ operationId, leaseOwner, at: null });
  const at = (provedObjects: number, requests = noRequests) => ({
    progress: { provedObjects, storedBytes: 100 * provedObjects, plainBytes: 200 * provedObjects },
    requests,
  });
  const finishPart = async (part: HeldPart, work: PartWork, found: Fault | null) =>
    (await catalogue.parts.finishPart(part, work, found, null)).isFinished;
  const show = async () => await catalogue.operations.showOperation(projectId, operationId);
  const finish = (of = epoch) =>
    catalogue.operations.finishOperation({
      id: operationId,
      epoch: of,
      status: 'success',
      message: '',
      fault: null,
      progress: {},
      result: null,
      requests: { lists: 1, gets: 1, bytesRead: 1 },
      endedAtMs: 4_000,
    });

  describe('a part', () => {
    test('is listed in the order of its link and objects, and has no progress at first', async () => {
      expect(await list()).toMatchObject(planned);
      expect(await list()).toMatchObject([
        { state: 'open', leaseOwner: null, fault: null, saves: 0, progress: { provedObjects: 0, storedBytes: 0 } },
        { progress: { provedObjects: 10, storedBytes: 0, plainBytes: 0 } },
        { progress: { provedObjects: 0 } },
      ]);
    });

    test('goes to one worker, the first open one first', async () => {
      const workers = ['worker-1', 'worker-2', 'worker-3', 'worker-4'];
      const claimed = await Promise.all(workers.map((worker) => claimNone(worker)));
      const got = claimed.filter((part) => part !== null).map(({ backupId, firstObject }) => [backupId, firstObject]);
      expect(got.toSorted()).toEqual([
        ['child', 0],
        ['full', 0],
        ['full', 10],
      ]);
      expect((await list()).map(({ leaseOwner }) => leaseOwner)).not.toContain(null);
    });

    test('that is wanted is given away only if it is open', async () => {
      const second = { backupId: 'full', firstObject: 10 };
      expect(await claim('worker-1', second)).toMatchObject({ ...second, state: 'held', leaseOwner: 'worker-1' });
      expect(await catalogue.parts.claimPart({ operationId, leaseOwner: 'worker-2', at: second })).toBeNull();
      expect(await states()).toEqual(['open', 'held', 'open']);
    });

    test('keeps what its holder saves, and counts the saves', async () => {
      const part = await claim();
      expect(await catalogue.parts.savePart(part, at(4))).toBe(true);
      expect(await catalogue.parts.savePart(part, at(4))).toBe(true);
      expect(await list()).toMatchObject([{ saves: 2, ...{ progress: at(4).progress } }, {}, {}]);
      await catalogue.parts.givePartBack(part, at(5));
      expect(await claim('worker-2')).toMatchObject({ progress: at(5).progress, leaseOwner: 'worker-2' });
    });

    test('is followed by the first open one, if its holder wants that', async () => {
      const [first] = [await claim('worker-1'), await claim('worker-2')];
      const finished = await catalogue.parts.finishPart(first, at(10), null, 'worker-1');
      expect(finished).toMatchObject({ isFinished: true, next: { backupId: 'child', leaseOwner: 'worker-1' } });
      expect(await states()).toEqual(['done', 'held', 'held']);
      const again = await catalogue.parts.finishPart(first, at(10), null, 'worker-1');
      expect(again).toEqual({ isFinished: false, next: null });
    });

    test('is listed with the parts of its link, or with those of several', async () => {
      const placesOf = async (from: number, count: number | null) =>
        (await catalogue.parts.listParts(operationId, { from, count })).map(({ link }) => link);
      expect(await placesOf(0, 1)).toEqual([0, 0]);
      expect(await placesOf(1, 5)).toEqual([1]);
      expect(await placesOf(0, null)).toEqual([0, 0, 1]);
    });

    test('is unchanged by a holder that has lost it', async () => {
      const late = await claim('worker-1');
      await catalogue.parts.givePartBack(late, at(2));
      const own = await claim('worker-2');
      const before = await list();
      expect(await catalogue.parts.savePart(late, at(9))).toBe(false);
      expect(await finishPart(late, at(9), fault)).toBe(false);
      await catalogue.parts.givePartBack(late, at(9));
      await catalogue.parts.takePartBack(late);
      expect(await list()).toEqual(before);
      expect(await finishPart(own, at(10), null)).toBe(true);
      expect(await finishPart(own, at(10), fault)).toBe(false);
      expect(await list()).toMatchObject([{ state: 'done', fault: null, progress: at(10).progress }, {}, {}]);
    });

    test('is taken from a holder that no longer saves, and only then', async () => {
      const part = await claim();
      await catalogue.parts.savePart(part, at(1));
      await catalogue.parts.takePartBack(part);
      expect(await states()).toEqual(['held', 'open', 'open']);
      await catalogue.parts.takePartBack({ ...part, saves: 1 });
      expect(await states()).toEqual(['open', 'open', 'open']);
    });

    test('behind one with a fault is not given away, one before it is', async () => {
      const [first, second] = [await claim('worker-1'), await claim('worker-2')];
      await finishPart(second, at(12), fault);
      expect(await claimNone()).toBeNull();
      await catalogue.parts.givePartBack(first, at(3));
      expect(await claim('worker-3')).toMatchObject({ firstObject: 0 });
      expect(await list()).toMatchObject([{}, { state: 'done', fault }, { state: 'open' }]);
    });
  });

  describe('the parts of a verification that begins again', () => {
    test('stay done, unless they have a fault', async () => {
      await finishPart(await claim(), at(10), null);
      await finishPart(await claim(), at(12), fault);
      epoch = await start();
      await openAgain();
      expect(await list()).toMatchObject([
        { state: 'done', progress: at(10).progress },
        { state: 'open', fault: null, progress: at(12).progress },
        { state: 'open' },
      ]);
    });

    test('are open if the same worker held them, and stay with others', async () => {
      const [own, other] = [await claim('worker-1'), await claim('worker-2')];
      epoch = await start();
      await openAgain();
      expect(await states()).toEqual(['open', 'held', 'open']);
      expect(await finishPart(own, at(10), null)).toBe(false);
      expect(await finishPart(other, at(20), null)).toBe(true);
    });

    test('are new if their listing or their objects are others, no matter who held them', async () => {
      const held = await claim('worker-2');
      const changed = planned.map((part) => (part.link === 0 ? { ...part, listingDigest: 'digest-3' } : part));
      await openAgain(changed);
      const again = await claim('worker-1');
      expect(again).toMatchObject({ backupId: 'full', firstObject: 0, listingDigest: 'digest-3' });
      expect(await finishPart(held, at(10), null)).toBe(false);
      expect(await states()).toEqual(['held', 'open', 'open']);
      await openAgain(planned.slice(2));
      expect(await list()).toMatchObject([{ backupId: 'child' }]);
    });

    test('are not set by a worker that has lost the operation', async () => {
      epoch -= 1;
      expect(await openAgain([])).toBe(false);
      expect(await list()).toHaveLength(3);
    });
  });

  test('parts of a worker that stops or dies are open again, with their progress', async () => {
    const [first, second] = [await claim('worker-2'), await claim('worker-3')];
    await catalogue.parts.savePart(first, at(6));
    await catalogue.operations.releaseOperations('worker-2', 3_000);
    expect(await list()).toMatchObject([{ state: 'open', progress: at(6).progress }, { state: 'held' }, {}]);
    expect(await catalogue.parts.savePart(first, at(7))).toBe(false);
    expect(await catalogue.parts.savePart(second, at(11))).toBe(true);
  });

  test('requests of helpers are added to the operation', async () => {
    const part = await claim('worker-2');
    await catalogue.parts.savePart(part, at(1, { lists: 1, gets: 2, bytesRead: 30 }));
    await finishPart(part, at(10, { lists: 0, gets: 3, bytesRead: 40 }), null);
    await catalogue.parts.givePartBack(await claim('worker-2'), at(10, { lists: 0, gets: 1, bytesRead: 5 }));
    await finish();
    expect(await show()).toMatchObject({ status: 'success', requests: { lists: 2, gets: 7, bytesRead: 76 } });
  });

  test('a holder learns that the operation is being cancelled, and no part is given away', async () => {
    const part = await claim('worker-2');
    await catalogue.operations.cancelOperation(projectId, operationId, 3_000);
    expect(await catalogue.parts.savePart(part, at(1))).toBe(false);
    expect(await claimNone()).toBeNull();
  });

  test('the parts of an operation that has ended are gone', async () => {
    const part = await claim('worker-2');
    await finish();
    expect(await list()).toEqual([]);
    expect(await finishPart(part, at(10, { lists: 9, gets: 9, bytesRead: 9 }), null)).toBe(false);
    expect(await claimNone()).toBeNull();
    expect(await show()).toMatchObject({ requests: { lists: 1, gets: 1, bytesRead: 1 } });
  });

  test('a verification that continues in another job waits, is due, and keeps its parts and progress', async () => {
    await finishPart(await claim(), at(10), null);
    const requeuing = {
      operationId,
      epoch,
      requeuedAtMs: 3_000,
      progress: { objects: 10 },
      requests: { lists: 1, gets: 2, bytesRead: 3 },
    };
    const due = { kind: 'operation', operation: { id: operationId, kind: 'verify' }, lane: 'mass', notBeforeMs: null };
    expect(await catalogue.operations.requeueOperation(requeuing)).toMatchObject({ ended: [], due: [due] });
    expect(await show()).toMatchObject({ status: 'waiting', leaseOwner: null, progress: { objects: 10 } });
    expect(await catalogue.operations.requeueOperation(requeuing)).toBeNull();
    expect(await states()).toEqual(['done', 'open', 'open']);
    expect(await start('worker-2')).toBe(epoch + 1);
  });

  test('a verification that is cancelled ends instead of going on in another job', async () => {
    await catalogue.operations.cancelOperation(projectId, operationId, 3_000);
    const spent = { progress: {}, requests: noRequests };
    const ends = await catalogue.operations.requeueOperation({ operationId, epoch, requeuedAtMs: 3_500, ...spent });
    expect(ends).toMatchObject({ ended: [{ id: operationId, status: 'failed' }], due: [] });
    expect(await list()).toEqual([]);
  });
}

import { v7 as newId } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import type { Catalogue } from './catalogue.ts';
import {
  acceptedIds,
  makeAcceptance,
  makeChain,
  makeDue,
  makeFinish,
  makeItem,
  makeRun,
  type OpenCatalogue,
} from './fixtures-for-conformance.ts';
import type { NewNode, NodeRecord } from './node-records.ts';
import type { OperationKey } from './operation-records.ts';
import { type StepName, steps, stores } from './steps.ts';
import type { Step } from './stores/step.ts';

/** Longer than any test, so that nodes live as long as they are not said to be dead. */
const longMs = 60_000;
/** Any node was silent for longer than this. */
const anyMs = -1_000;
const { nowMs } = systemClock;

/** Tests what every catalogue does with nodes, and with workers that have lost their lease. */
export function describeNodes(open: OpenCatalogue): void {
  let catalogue: Catalogue;
  let projectId: string;

  beforeAll(async () => {
    catalogue = await open();
  });
  beforeEach(async () => {
    projectId = newId();
    await catalogue.nodes.takeOverDead(anyMs, nowMs());
  });
  afterAll(() => catalogue[Symbol.asyncDispose]());

  async function register(changes: Partial<NewNode> = {}): Promise<NewNode> {
    const id = newId();
    const node = { id, hostName: 'host-1', pid: 17, version: '1.2.3', serves: true, works: true, ...changes };
    await catalogue.nodes.registerNode(node, nowMs());
    return node;
  }

  async function show(id: string): Promise<NodeRecord | undefined> {
    return (await catalogue.nodes.listNodes(2)).find((node) => node.id === id);
  }

  /** Starts the import of a backup in a chain of its own. */
  async function startImport(leaseOwner: string, name: string) {
    const item = makeItem(name, { image_path: `${name}/${name}` });
    await acceptedIds(catalogue, makeAcceptance(projectId, [item], { chainRoot: name }));
    const [operation] = await catalogue.operations.startChain(makeChain(projectId, name), leaseOwner, 1_500);
    if (operation === undefined) throw new Error(`the import of ${name} was not started`);
    return operation;
  }

  async function startScan(leaseOwner: string) {
    const id = newId();
    await catalogue.operations.addOperation({ ...makeRun(projectId, '', id), sourceId: null });
    const operation = await catalogue.operations.startOperation(id, leaseOwner, 1_500);
    if (operation === null) throw new Error('the scan was not started');
    return operation;
  }

  async function statusOf(id: string) {
    const operation = await catalogue.operations.showOperation(projectId, id);
    return { status: operation?.status, leaseOwner: operation?.leaseOwner };
  }

  test('a node is listed with what it tells about itself', async () => {
    const node = await register({ serves: false });
    expect(await show(node.id)).toMatchObject({
      ...node,
      jobs: 0,
      clockAheadMs: 0,
      leases: { count: 0, operations: [] },
    });
    const beatAtMs = await catalogue.nodes.beatNode({ id: node.id, jobs: 3, clockAheadMs: -1_233.6 }, nowMs());
    const shown = await show(node.id);
    expect(shown).toMatchObject({ jobs: 3, clockAheadMs: -1_234, heartbeatAtMs: beatAtMs });
    expect(Math.abs((shown?.startedAtMs ?? 0) - nowMs())).toBeLessThan(longMs);
  });

  test('nodes are listed from the oldest to the youngest', async () => {
    const ids = [(await register()).id, (await register()).id, (await register()).id];
    expect((await catalogue.nodes.listNodes(0)).map(({ id }) => id)).toEqual(ids);
  });

  test('a node that is gone learns it from its next heartbeat', async () => {
    const { id } = await register();
    await catalogue.nodes.removeNode(id, nowMs());
    expect(await catalogue.nodes.beatNode({ id, jobs: 0, clockAheadMs: 0 }, nowMs())).toBeNull();
    expect(await show(id)).toBeUndefined();
  });

  test('a node shows what it works on: the first operations, and how many there are', async () => {
    const node = await register();
    const imports = [await startImport(node.id, 'a'), await startImport(node.id, 'b')];
    const scan = await startScan(node.id);
    await startImport((await register()).id, 'c');
    const first = [...imports, scan].toSorted((one, other) => (one.id < other.id ? -1 : 1)).slice(0, 2);
    expect((await show(node.id))?.leases).toEqual({
      count: 3,
      operations: first.map(({ id, kind, bucketName }) => ({
        id,
        projectId,
        kind,
        sourceId: null,
        bucketName,
        startedAtMs: 1_500,
      })),
    });
    expect(await catalogue.nodes.showLeases(node.id, 2)).toEqual((await show(node.id))?.leases);
  });

  test('a node that stops leaves its work to others', async () => {
    const { id } = await register();
    const operation = await startImport(id, 'a');
    expect(await catalogue.nodes.removeNode(id, nowMs())).toEqual([makeDue(makeChain(projectId, 'a'))]);
    expect(await statusOf(operation.id)).toEqual({ status: 'waiting', leaseOwner: null });
  });

  test('a node that died before the clock was set back does not live until the clock has caught up', async () => {
    const node = { ...(await register()), id: newId() };
    await catalogue.nodes.registerNode(node, nowMs() + 3_600_000);
    const { nodes } = await catalogue.nodes.takeOverDead(longMs, nowMs());
    expect(nodes).toEqual([]);
    expect((await show(node.id))?.heartbeatAtMs).toBeLessThan(nowMs() + longMs);
  });

  test('only a silent node is taken over from, and with all its work', async () => {
    const silent = await register({ hostName: 'host-2', pid: 18 });
    const lives = await register();
    const [theirs, own] = [await startImport(silent.id, 'a'), await startImport(lives.id, 'b')];
    const scan = await startScan(silent.id);
    const silentForMs = 300;
    const registeredAtMs = await catalogue.nodes.readClock(nowMs());
    while ((await catalogue.nodes.readClock(nowMs())) <= registeredAtMs + silentForMs);
    await catalogue.nodes.beatNode({ id: lives.id, jobs: 1, clockAheadMs: 0 }, nowMs());

    const { nodes, due } = await catalogue.nodes.takeOverDead(silentForMs, nowMs());
    expect(nodes).toEqual([{ id: silent.id, hostName: 'host-2', pid: 18 }]);
    const { storageUnitId, bucketName } = scan;
    const key: OperationKey = { id: scan.id, kind: 'scan', projectId, storageUnitId, bucketName };
    expect(due).toEqual([
      { kind: 'operation', operation: key, lane: 'mass', notBeforeMs: null },
      makeDue(makeChain(projectId, 'a')),
    ]);
    expect(await statusOf(theirs.id)).toEqual({ status: 'waiting', leaseOwner: null });
    expect(await statusOf(scan.id)).toEqual({ status: 'waiting', leaseOwner: null });
    expect(await statusOf(own.id)).toEqual({ status: 'running', leaseOwner: lives.id });
    expect(await catalogue.nodes.beatNode({ id: silent.id, jobs: 1, clockAheadMs: 0 }, nowMs())).toBeNull();
  });

  test('of several that take over at once, one gets each node and its work', async () => {
    const dead = [await register(), await register(), await register()];
    for (const [index, { id }] of dead.entries()) await startImport(id, `chain-${index}`);
    const taken = await Promise.all([1, 2, 3, 4].map(() => catalogue.nodes.takeOverDead(anyMs, nowMs())));
    const nodes = taken.flatMap((each) => each.nodes.map(({ id }) => id));
    expect(nodes.toSorted()).toEqual(dead.map(({ id }) => id).toSorted());
    const roots = taken.flatMap((each) => each.due.map((due) => (due.kind === 'chain' ? due.chain.chainRoot : '')));
    expect(roots.toSorted()).toEqual(['chain-0', 'chain-1', 'chain-2']);
  });

  test('an operation that was started under a lease without a node is taken over too', async () => {
    const { id } = await register();
    await catalogue.nodes.takeOverDead(anyMs, nowMs());
    const operation = await startImport(id, 'a');
    const { nodes, due } = await catalogue.nodes.takeOverDead(longMs, nowMs());
    expect({ nodes, due }).toEqual({ nodes: [], due: [makeDue(makeChain(projectId, 'a'))] });
    expect(await statusOf(operation.id)).toEqual({ status: 'waiting', leaseOwner: null });
  });

  test('a scan that waits for its imports is nobody’s work', async () => {
    const { id: owner } = await register();
    const { id, epoch } = await startScan(owner);
    await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('a')], { parentOperationId: id }));
    const requests = { lists: 1, gets: 0, bytesRead: 0 };
    const listing = { id, epoch, message: '', progress: {}, result: {}, requests, listedAtMs: 2_000 };
    await catalogue.operations.finishListing(listing);
    expect(await catalogue.nodes.takeOverDead(anyMs, nowMs())).toMatchObject({ due: [] });
    expect(await statusOf(id)).toMatchObject({ status: 'running' });
  });

  test('what a dead node still finishes changes nothing', async () => {
    const { id } = await register();
    const operation = await startImport(id, 'a');
    await catalogue.nodes.takeOverDead(anyMs, nowMs());
    expect(await catalogue.operations.finishImport(makeFinish(operation))).toMatchObject({ result: 'stale_epoch' });
    expect(await statusOf(operation.id)).toEqual({ status: 'waiting', leaseOwner: null });
    expect(await catalogue.backups.showBackup(projectId, 'a')).toBeNull();
  });

  describe('a worker that has lost its lease', () => {
    /** The steps that write without checking an epoch themselves. */
    const writes = Object.entries(stores).flatMap(([store, ofStore]) =>
      (Object.entries(ofStore) as [StepName, Step][])
        .filter(([, { access, checksEpoch }]) => access === 'write' && checksEpoch !== true)
        .map(([name]) => ({ store, name })),
    );

    test.each(writes)('changes nothing by $name of $store', async ({ store, name }) => {
      const { id } = await register();
      const { id: operationId, epoch } = await startImport(id, 'a');
      await catalogue.nodes.takeOverDead(anyMs, nowMs());
      const late = catalogue.fenced({ operationId, epoch })[store as keyof typeof stores];
      const step = (late as unknown as Record<string, () => Promise<unknown>>)[name];
      await expect(step?.()).rejects.toMatchObject({ name: 'LeaseLostError' });
    });

    test('changes nothing once the next worker has the operation', async () => {
      const first = await startImport('worker-1', 'a');
      await catalogue.operations.releaseOperations('worker-1', 2_000);
      const [next] = await catalogue.operations.startChain(makeChain(projectId, 'a'), 'worker-1', 2_500);
      const acceptance = makeAcceptance(projectId, [makeItem('b')], { parentOperationId: first.id });
      const late = catalogue.fenced({ operationId: first.id, epoch: first.epoch });
      await expect(late.operations.accept(acceptance)).rejects.toMatchObject({ name: 'LeaseLostError' });
      expect(await catalogue.operations.countBacklog(projectId)).toBe(1);
      const current = catalogue.fenced({ operationId: first.id, epoch: next?.epoch ?? 0 });
      await current.operations.accept(acceptance);
      expect(await catalogue.operations.countBacklog(projectId)).toBe(2);
    });

    test('still reads', async () => {
      const late = catalogue.fenced({ operationId: newId(), epoch: 1 });
      expect(await late.operations.countBacklog(projectId)).toBe(0);
    });

    test('is refused by seven steps that check the epoch of what they change themselves', async () => {
      const checking = (Object.entries(steps) as [StepName, Step][]).filter(([, { checksEpoch }]) => checksEpoch);
      expect(checking.map(([name]) => name).toSorted()).toEqual([
        'addFindings',
        'finishImport',
        'finishImports',
        'finishListing',
        'finishOperation',
        'retryOperation',
        'saveProgress',
      ]);
    });
  });
}

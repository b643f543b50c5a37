import { v7 as newId } from 'uuid';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Catalogue } from './catalogue.ts';
import {
  acceptAndStart,
  acceptedIds,
  makeAcceptance,
  makeChain,
  makeItem,
  type OpenCatalogue,
} from './fixtures-for-conformance.ts';

/** Tests what every catalogue does with the operations of a worker that has died. */
export function describeTakeovers(open: OpenCatalogue): void {
  let catalogue: Catalogue;
  let projectId: string;
  /** Workers of this test. */
  let owner: string;

  beforeAll(async () => {
    catalogue = await open();
  });
  afterAll(() => catalogue[Symbol.asyncDispose]());
  beforeEach(() => {
    projectId = newId();
    owner = newId();
  });

  const addScan = async () => {
    const id = newId();
    await catalogue.operations.addOperation({
      id,
      projectId,
      kind: 'scan',
      parentOperationId: null,
      storageUnitId: 'unit-1',
      bucketName: 'bucket-1',
      backupId: null,
      sourceId: null,
      request: {},
      actor: { kind: 'user', name: 'ada' },
      requestId: 'request-1',
      createdAtMs: 1_000,
      lane: 'mass',
    });
    return id;
  };
  /** No node has the leases of the workers, so they have died. */
  const takeOver = () => catalogue.nodes.takeOverDead(60_000, 3_000);
  const statusOf = async (id: string) => (await catalogue.operations.showOperation(projectId, id))?.status;

  test('they wait again and are due, and those of other workers run on', async () => {
    const scan = await addScan();
    await catalogue.operations.startOperation(scan, owner, 2_000);
    const beside = await addScan();
    const another = newId();
    const node = { id: another, hostName: 'host', pid: 1, version: '1', serves: false, works: true };
    await catalogue.nodes.registerNode(node, 2_000);
    await catalogue.operations.startOperation(beside, another, 2_000);
    const [imported = ''] = await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('a')]));
    await catalogue.operations.startChain(makeChain(projectId), owner, 2_000);
    const { ended, due } = await takeOver();
    expect(ended).toEqual([]);
    expect(due).toMatchObject([{ kind: 'operation', operation: { id: scan } }, { chain: makeChain(projectId) }]);
    expect(await Promise.all([scan, imported, beside].map(statusOf))).toEqual(['waiting', 'waiting', 'running']);
  });

  test('one whose worker died five times in a row ends as failed, and says why', async () => {
    const scan = await addScan();
    const [imported = ''] = await acceptedIds(catalogue, makeAcceptance(projectId, [makeItem('a')]));
    for (let died = 1; died <= 5; died += 1) {
      expect(await Promise.all([scan, imported].map(statusOf))).toEqual(['waiting', 'waiting']);
      await catalogue.operations.startOperation(scan, owner, 2_000);
      await catalogue.operations.startChain(makeChain(projectId), owner, 2_000);
      const { ended } = await takeOver();
      expect(ended.map(({ id }) => id)).toEqual(died === 5 ? [scan, imported] : []);
    }
    for (const id of [scan, imported]) {
      expect(await catalogue.operations.showOperation(projectId, id)).toMatchObject({
        status: 'failed',
        fault: { code: 'internal', detail: 'the process that worked on it died 5 times in a row' },
        leaseOwner: null,
        endedAtMs: 3_000,
      });
    }
  });

  test('an attempt that ended by itself is not counted with those before it', async () => {
    const scan = await addScan();
    const fault = { code: 'storage_unreachable', detail: '' } as const;
    for (let died = 1; died <= 8; died += 1) {
      const started = await catalogue.operations.startOperation(scan, owner, 2_000);
      if (died === 4) {
        const attempt = { operationId: scan, epoch: started?.epoch ?? 0, failedAtMs: 2_500, notBeforeMs: 2_000 };
        const requests = { lists: 0, gets: 0, bytesRead: 0 };
        await catalogue.operations.retryOperation({ ...attempt, fault, requests });
      } else await takeOver();
    }
    expect(await statusOf(scan)).toBe('waiting');
  });

  test('a late end by the worker that was taken for dead changes nothing', async () => {
    const operation = await acceptAndStart(catalogue, projectId, makeItem('a'));
    await takeOver();
    await catalogue.operations.startChain(makeChain(projectId), owner, 4_000);
    const requests = { lists: 0, gets: 0, bytesRead: 0 };
    const fault = { code: 'storage_unreachable', detail: '' } as const;
    const late = { operationId: operation.id, epoch: operation.epoch, failedAtMs: 5_000, notBeforeMs: 6_000 };
    expect(await catalogue.operations.retryOperation({ ...late, fault, requests })).toBeNull();
    expect(await statusOf(operation.id)).toBe('running');
  });
}

import type { OperationFilter } from '@backup-sync/contracts';
import { v7 as newId } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Catalogue } from './catalogue.ts';
import { endedAs, importBackup, makeItem, type OpenCatalogue, operationFilter } from './fixtures-for-conformance.ts';
import type { JoinedRequest, NewOperation } from './operation-records.ts';

/** Tests what every catalogue does with operations that are worked on separately. */
export function describeSingleOperations(open: OpenCatalogue): void {
  let catalogue: Catalogue;
  let operation: NewOperation;

  beforeAll(async () => {
    catalogue = await open();
  });
  afterAll(() => catalogue[Symbol.asyncDispose]());
  beforeEach(async () => {
    operation = {
      id: newId(),
      projectId: newId(),
      kind: 'scan',
      parentOperationId: null,
      storageUnitId: 'unit-1',
      bucketName: 'bucket',
      backupId: null,
      sourceId: null,
      request: { prefix: 'a/', sync: true },
      actor: { kind: 'user', name: 'ada' },
      requestId: 'request-1',
      createdAtMs: 1_000,
      lane: 'mass',
    };
    await catalogue.operations.addOperation(operation);
  });

  const finish = (epoch: number) => ({
    id: operation.id,
    epoch,
    status: 'success' as const,
    message: 'done',
    fault: null,
    progress: { objects: 3 },
    result: { complete: true },
    requests: { lists: 1, gets: 2, bytesRead: 3 },
    endedAtMs: 4_000,
  });

  test('shows its request, only to its project, and not in the operation logs', async () => {
    expect(await catalogue.operations.showOperation(operation.projectId, operation.id)).toMatchObject({
      ...operation,
      status: 'waiting',
      progress: {},
      result: null,
      epoch: 0,
    });
    expect(await catalogue.operations.showOperation('another', operation.id)).toBeNull();
    const logs = await catalogue.operations.listOperationLogs(operationFilter(operation.projectId));
    expect(logs).toEqual({ rows: [], count: 0 });
  });

  test('can have a request as long as calls allow', async () => {
    const longest = Array.from({ length: 1_024 }, (_, index) =>
      String.fromCodePoint(0x20000 + ((index * 7_919) % 42_000)),
    );
    const request = { prefix: longest.slice(0, 256).join(''), pathTemplate: longest.join('') };
    const long = { ...operation, id: newId(), request };
    await catalogue.operations.addOperation(long);
    expect(await catalogue.operations.showOperation(long.projectId, long.id)).toMatchObject({ request });
  });

  describe('in the listing of all operations', () => {
    let ids: Record<string, string>;
    let projectId: string;

    beforeAll(async () => {
      projectId = newId();
      const imported = await importBackup(catalogue, projectId, makeItem('a', { resource_id: 'disk' }));
      const actor = { kind: 'user', name: 'ada' } as const;
      const add = async (changes: Partial<NewOperation>) => {
        const id = newId();
        await catalogue.operations.addOperation({
          id,
          projectId,
          kind: 'scan',
          parentOperationId: null,
          storageUnitId: 'unit-1',
          bucketName: 'bucket',
          backupId: null,
          sourceId: null,
          request: {},
          actor,
          requestId: 'request-1',
          createdAtMs: 5_000,
          lane: 'mass',
          ...changes,
        });
        return id;
      };
      ids = {
        imported: imported.id,
        scan: await add({}),
        run: await add({ sourceId: 'source-1' }),
        verify: await add({ kind: 'verify', backupId: 'a' }),
        elsewhere: await add({ projectId: newId() }),
      };
    });

    test.each<[Partial<OperationFilter>, readonly string[]]>([
      [{}, ['verify', 'run', 'scan', 'imported']],
      [{ kind: ['scan'] }, ['scan']],
      [{ kind: ['source_run'] }, ['run']],
      [{ kind: ['scan', 'source_run'] }, ['run', 'scan']],
      [{ kind: ['source_run', 'import'] }, ['run', 'imported']],
      [{ kind: ['delete'] }, []],
      [{ status: ['success'] }, ['imported']],
      [{ status: ['waiting', 'running'], kind: ['verify'] }, ['verify']],
      [{ backup_id: 'a' }, ['verify', 'imported']],
      [{ resource_id: 'disk', kind: ['verify'] }, ['verify']],
    ])('%j leaves %j, newest first', async (filter, expected) => {
      const page = await catalogue.operations.listOperations({
        project_id: projectId,
        limit: 1000,
        offset: 0,
        ...filter,
      });
      if (page === 'marker_not_found') throw new Error(page);
      expect(page.rows.map(({ id }) => Object.keys(ids).find((name) => ids[name] === id))).toEqual(expected);
      expect(page.count).toBe(expected.length);
    });

    test('is found by the start of its id, only in its project', async () => {
      const found = async (id_prefix: string) => {
        const page = await catalogue.operations.listOperations({
          project_id: projectId,
          limit: 9,
          offset: 0,
          id_prefix,
        });
        return page === 'marker_not_found' ? page : [page.rows.map(({ id }) => id), page.count];
      };
      const { run = '', elsewhere = '' } = ids;
      expect(await found(run)).toEqual([[run], 1]);
      expect(await found(run.slice(0, -1))).toContainEqual(expect.arrayContaining([run]));
      expect(await found(elsewhere)).toEqual([[], 0]);
    });

    test('is paged by marker, which overrides an offset; a marker of another project is refused', async () => {
      const list = (changes: Partial<OperationFilter>) =>
        catalogue.operations.listOperations({ project_id: projectId, limit: 1, offset: 0, ...changes });
      expect(await list({ marker: ids.run ?? '' })).toMatchObject({ rows: [{ id: ids.scan }], count: 4 });
      expect(await list({ marker: ids.run ?? '', offset: 1 })).toMatchObject({ rows: [{ id: ids.scan }] });
      expect(await list({ marker: ids.elsewhere ?? '' })).toBe('marker_not_found');
    });
  });

  describe('one that is requested again', () => {
    const again = (changes: Partial<NewOperation> = {}, sameRequest: JoinedRequest = { prefix: 'a/', sync: true }) =>
      catalogue.operations.joinOperation({ ...operation, id: newId(), createdAtMs: 9_000, ...changes }, sameRequest);
    const isJoined = async (...asked: Parameters<typeof again>) => {
      const { operationId, result } = await again(...asked);
      expect(operationId === operation.id).toBe(result === 'joined');
      return result === 'joined';
    };

    test('is joined while it waits and while it runs, even by many at the same time', async () => {
      expect(await isJoined()).toBe(true);
      await catalogue.operations.startOperation(operation.id, 'worker-1', 2_000);
      expect(await Promise.all([isJoined(), isJoined(), isJoined()])).toEqual([true, true, true]);
    });

    test('is one operation, however many ask for it at the same time', async () => {
      const answers = await Promise.all(Array.from({ length: 5 }, () => again({ bucketName: 'other' })));
      expect(new Set(answers.map(({ operationId }) => operationId)).size).toBe(1);
      expect(answers.filter(({ result }) => result === 'added')).toHaveLength(1);
    });

    test('is a new one if anything in the request differs', async () => {
      for (const changes of [
        { projectId: newId() },
        { kind: 'plan' },
        { storageUnitId: 'unit-2' },
        { bucketName: 'another' },
        { backupId: 'a' },
      ] as const) {
        expect(await isJoined(changes), JSON.stringify(changes)).toBe(false);
      }
      expect(await isJoined({}, { prefix: 'b/', sync: true })).toBe(false);
    });

    test('is joined if the fields that must be the same are the same', async () => {
      expect(await isJoined({ request: { prefix: 'a/', sync: false } }, { prefix: 'a/' })).toBe(true);
    });

    test('is not joined once it is cancelled', async () => {
      await catalogue.operations.startOperation(operation.id, 'worker-1', 2_000);
      await catalogue.operations.cancelOperation(operation.projectId, operation.id, 2_500);
      expect(await isJoined()).toBe(false);
    });

    test('is not joined once it has listed everything', async () => {
      await catalogue.operations.startOperation(operation.id, 'worker-1', 2_000);
      const { message, progress, result, requests } = finish(1);
      await catalogue.operations.finishListing({
        id: operation.id,
        epoch: 1,
        message,
        progress,
        result,
        requests,
        listedAtMs: 3_000,
      });
      expect(await isJoined()).toBe(false);
    });

    test('is not joined once it has ended', async () => {
      await catalogue.operations.startOperation(operation.id, 'worker-1', 2_000);
      await catalogue.operations.finishOperation(finish(1));
      expect(await isJoined()).toBe(false);
    });

    test('does not join a run of a source or a part of another operation', async () => {
      const [run, child] = [newId(), newId()];
      await catalogue.operations.addOperation({ ...operation, id: run, sourceId: 'source-1', bucketName: 'watched' });
      await catalogue.operations.addOperation({
        ...operation,
        id: child,
        parentOperationId: run,
        bucketName: 'watched',
      });
      expect(await isJoined({ bucketName: 'watched' })).toBe(false);
    });
  });

  test('is started by one owner, restarted only by the same one, and ended only under the current epoch', async () => {
    expect(await catalogue.operations.startOperation(operation.id, 'worker-1', 2_000)).toMatchObject({
      status: 'running',
      epoch: 1,
    });
    expect(await catalogue.operations.startOperation(operation.id, 'worker-2', 2_000)).toBeNull();
    expect(await catalogue.operations.startOperation(operation.id, 'worker-1', 2_500)).toMatchObject({
      epoch: 2,
      startedAtMs: 2_500,
    });
    expect(await catalogue.operations.finishOperation(finish(1))).toBeNull();
    expect(await catalogue.operations.finishOperation(finish(2))).toEqual([endedAs(operation, 'success')]);
    expect(await catalogue.operations.finishOperation(finish(2))).toBeNull();
    expect(await catalogue.operations.startOperation(operation.id, 'worker-1', 5_000)).toBeNull();
    expect(await catalogue.operations.showOperation(operation.projectId, operation.id)).toMatchObject({
      status: 'success',
      message: 'done',
      progress: { objects: 3 },
      result: { complete: true },
      requests: { lists: 1, gets: 2, bytesRead: 3 },
      endedAtMs: 4_000,
    });
  });

  test('stores progress, and reports a requested cancellation with it', async () => {
    await catalogue.operations.startOperation(operation.id, 'worker-1', 2_000);
    expect(await catalogue.operations.saveProgress(operation.id, 1, { objects: 1 }, 2_100)).toEqual({
      running: true,
      cancelRequested: false,
    });
    expect(await catalogue.operations.saveProgress(operation.id, 7, { objects: 9 }, 2_100)).toEqual({
      running: false,
      cancelRequested: false,
    });
    expect(await catalogue.operations.cancelOperation(operation.projectId, operation.id, 2_200)).toMatchObject({
      operation: { status: 'running', progress: { objects: 1 } },
      ended: [],
    });
    expect(await catalogue.operations.saveProgress(operation.id, 1, { objects: 2 }, 2_300)).toEqual({
      running: true,
      cancelRequested: true,
    });
  });

  test('ends immediately when it is cancelled while it waits, and then stays unchanged', async () => {
    const cancelled = await catalogue.operations.cancelOperation(operation.projectId, operation.id, 2_000);
    expect(cancelled).toMatchObject({
      operation: { status: 'failed', fault: { code: 'cancelled' }, endedAtMs: 2_000 },
      ended: [endedAs(operation, 'failed', 'cancelled')],
    });
    expect(await catalogue.operations.cancelOperation(operation.projectId, operation.id, 3_000)).toEqual({
      ...cancelled,
      ended: [],
    });
    expect(await catalogue.operations.cancelOperation('another', operation.id, 3_000)).toBeNull();
  });

  test('waits again when it is released', async () => {
    await catalogue.operations.startOperation(operation.id, 'worker-1', 2_000);
    expect(await catalogue.operations.releaseOperations('worker-2', 3_000)).not.toContainEqual(
      expect.objectContaining({ operation: expect.objectContaining({ id: operation.id, kind: operation.kind }) }),
    );
    expect(await catalogue.operations.releaseOperations('worker-1', 3_000)).toContainEqual(
      expect.objectContaining({ operation: expect.objectContaining({ id: operation.id, kind: operation.kind }) }),
    );
    expect(await catalogue.operations.startOperation(operation.id, 'worker-2', 3_500)).toMatchObject({ epoch: 2 });
  });

  describe('findings', () => {
    const findings = Array.from({ length: 1_500 }, (_, index) => ({
      sequence: index + 1,
      finding: { key: `k${index}` },
    }));

    test('are paged in the order in which they were found', async () => {
      await catalogue.operations.startOperation(operation.id, 'worker-1', 2_000);
      expect(await catalogue.operations.addFindings(operation.id, 1, findings)).toBe(true);
      expect(await catalogue.operations.listFindings(operation.id, 0, 2)).toEqual(findings.slice(0, 2));
      expect(await catalogue.operations.listFindings(operation.id, 1_498, 10)).toEqual(findings.slice(1_498));
    });

    test('are added only under the current epoch, and removed when the operation is restarted', async () => {
      await catalogue.operations.startOperation(operation.id, 'worker-1', 2_000);
      await catalogue.operations.addFindings(operation.id, 1, findings.slice(0, 1));
      await catalogue.operations.startOperation(operation.id, 'worker-1', 2_000);
      expect(await catalogue.operations.addFindings(operation.id, 1, findings)).toBe(false);
      expect(await catalogue.operations.listFindings(operation.id, 0, 10)).toEqual([]);
    });
  });
}

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openSqliteCatalogue } from '../../catalogue/sqlite/open-sqlite-catalogue.ts';
import type { Job } from '../../queue/port.ts';
import { type ObjectEntry, StorageError, type StorageUnit } from '../../storage/port.ts';
import { openS3StorageUnit } from '../../storage/s3/s3-storage-unit.ts';
import { startS3Server } from '../../testing/s3-test-server.ts';
import { seededUuid } from '../../testing/seeded-bytes.ts';
import { runTask } from '../tasks/run-task.ts';
import type { ScanRequest } from './scan-request.ts';
import { workOnScan } from './scan-work.ts';

const request: ScanRequest = {
  prefix: '',
  formats: null,
  pathTemplate: '{resource_id}/{backup_id}',
  sync: false,
  withAncestors: false,
  reverifyAfterS: null,
  confirmsRemovals: false,
};
const projectId = 'project-1';
const bucketName = 'many';
const taskId = 'scan-1';

/** A scan's worker over a real catalogue and any storage, with nothing around it. */
async function scanOver(storage: StorageUnit) {
  const home = await mkdtemp(join(tmpdir(), 'backup-sync-scan-'));
  const opened = await openSqliteCatalogue({ directory: join(home, 'data') });
  const jobs: Job[] = [];
  const services = {
    ...opened,
    storage,
    queue: { add: (job: Job) => jobs.push(job), async [Symbol.asyncDispose]() {} },
    clock: { nowMs: () => Date.UTC(2026, 10, 23) },
    rateOf: () => ({ listMs: null, getMs: null, byteMs: null }),
    chainsAtOnce: 1,
    stopping: new AbortController().signal,
    linkageMaxBytes: 0,
    newId: () => seededUuid(String(jobs.length)),
  };
  await opened.taskStore.addTask({
    id: taskId,
    projectId,
    kind: 'scan',
    parentOperationId: null,
    sourceId: null,
    storageUnitId: storage.id,
    bucketName,
    backupId: null,
    request,
    actor: { kind: 'system', name: 'ada' },
    requestId: 'request-1',
    createdAtMs: services.clock.nowMs(),
  });
  const faults: unknown[] = [];
  return {
    faults,
    taskStore: opened.taskStore,
    countFindings: async () => {
      let after = 0;
      let count = 0;
      while (true) {
        const page = await opened.taskStore.listFindings(taskId, after, 1000);
        count += page.length;
        after = page.at(-1)?.sequence ?? after;
        if (page.length < 1000) return count;
      }
    },
    run: () =>
      runTask(
        {
          services,
          leaseOwner: 'worker-1',
          works: { scan: workOnScan, verify: () => Promise.reject(new Error('nothing is verified here')) },
          onFault: (_id, error) => faults.push(error),
        },
        taskId,
        new AbortController().signal,
      ),
    show: () => opened.taskStore.showTask(projectId, taskId),
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** A storage unit whose listing calls `beforePage` with the number of objects listed, before each page. */
function watchPages(
  unit: StorageUnit,
  beforePage: (listed: number, signal: AbortSignal) => Promise<void>,
): StorageUnit {
  return {
    id: unit.id,
    get: (wanted) => unit.get(wanted),
    head: (wanted) => unit.head(wanted),
    listFolders: (wanted) => unit.listFolders(wanted),
    async *list(wanted) {
      let listed = 0;
      for await (const page of unit.list(wanted)) {
        await beforePage(listed, wanted.signal ?? new AbortController().signal);
        yield page;
        listed += page.length;
      }
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** Pages without a server: `objects` backups of one object each. */
function generatedStorage(objects: number): StorageUnit {
  const refuse = () => Promise.reject(new StorageError('object_not_found', 'nothing is read here'));
  return {
    id: 'default',
    get: refuse,
    head: refuse,
    async *listFolders() {},
    async *list({ signal }) {
      for (let start = 0; start < objects; start += 1000) {
        signal?.throwIfAborted();
        const page: ObjectEntry[] = Array.from({ length: Math.min(1000, objects - start) }, (_, index) => ({
          key: `server/${String(start + index).padStart(8, '0')}`,
          size: 1,
          etag: 'e',
          modifiedAtMs: 0,
          archived: false,
        }));
        yield page;
      }
    },
    async [Symbol.asyncDispose]() {},
  };
}

test('what a page showed is on disk before the page after next is asked for, over 20,000 objects', async () => {
  const objects = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, index) => [`server/${String(index).padStart(5, '0')}`, '']),
  );
  await using server = await startS3Server({ [bucketName]: objects });
  await using unit = await openS3StorageUnit({ id: 'default', ...server.options });
  const held: number[] = [];
  const storage = watchPages(unit, async (listed) => {
    held.push(listed - (await scan.countFindings()));
  });
  await using scan = await scanOver(storage);
  await scan.run();
  expect(scan.faults).toEqual([]);
  expect(await scan.show()).toMatchObject({
    status: 'success',
    progress: { objects_listed: 20_000, backups_found: 20_000 },
    requests: { lists: 20, gets: 0 },
  });
  expect(await scan.countFindings()).toBe(20_000);
  // The last object of each page waits for the next, which tells whether its group is whole.
  expect(Math.max(...held)).toBe(1);
});

test('a cancelled scan stops in the midst of its listing, and what it found stays', async () => {
  const storage = watchPages(generatedStorage(5_000), async (listed, signal) => {
    if (listed !== 3_000) return;
    await scan.taskStore.cancelTask(projectId, taskId, Date.UTC(2026, 10, 23));
    // A page that does not come until the worker has seen the wish.
    await once(signal, 'abort');
    signal.throwIfAborted();
  });
  await using scan = await scanOver(storage);
  await scan.run();
  expect(await scan.show()).toMatchObject({ status: 'failed', reasonCode: 'cancelled' });
  expect(await scan.countFindings()).toBe(2_999);
});

test('a listing that fails on its way ends the scan failed, and what it found stays', async () => {
  const storage = watchPages(generatedStorage(5_000), async (listed) => {
    if (listed === 3_000) throw new StorageError('unreachable', 'page 4 did not come');
  });
  await using scan = await scanOver(storage);
  await scan.run();
  expect(await scan.show()).toMatchObject({
    status: 'failed',
    reasonCode: 'storage_unreachable',
    reasonDetail: 'page 4 did not come',
  });
  expect(await scan.countFindings()).toBe(2_999);
});

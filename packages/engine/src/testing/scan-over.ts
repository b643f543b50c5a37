import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ScanFinding } from '@backup-sync/contracts';
import { openSqliteCatalogue } from '../catalogue/sqlite/open-sqlite-catalogue.ts';
import { SecretSeal } from '../identity/secret-seal.ts';
import type { ScanRequest } from '../operations/scans/scan-request.ts';
import { workOnScan } from '../operations/scans/scan-work.ts';
import { runTask } from '../operations/tasks/run-task.ts';
import type { Job } from '../queue/port.ts';
import type { StorageUnit } from '../storage/port.ts';
import { seededUuid } from './seeded-bytes.ts';

const projectId = 'project-1';
const taskId = 'scan-1';
const pageFindings = 1000;
const nowMs = Date.UTC(2026, 10, 23);

/** A scan's worker over a real catalogue and any storage, with nothing around it. */
export async function scanOver(storage: StorageUnit, bucketName: string, changes: Partial<ScanRequest> = {}) {
  const home = await mkdtemp(join(tmpdir(), 'backup-sync-scan-'));
  const opened = await openSqliteCatalogue({ directory: join(home, 'data') });
  const jobs: Job[] = [];
  const services = {
    ...opened,
    outsideIdentity: null,
    seal: SecretSeal.open(null, home, async () => []),
    storage,
    queue: { add: (job: Job) => jobs.push(job), async [Symbol.asyncDispose]() {} },
    clock: { nowMs: () => nowMs },
    rateOf: () => ({ listMs: null, getMs: null, byteMs: null }),
    chainsAtOnce: 1,
    stopping: new AbortController().signal,
    linkageMaxBytes: 0,
    newId: () => seededUuid(String(jobs.length)),
  };
  const request: ScanRequest = {
    prefix: '',
    formats: null,
    pathTemplate: null,
    sync: false,
    withAncestors: false,
    reverifyAfterS: null,
    confirmsRemovals: false,
    ...changes,
  };
  await opened.grantStore.addGrant({ projectId, storageUnitId: storage.id, bucketName, prefix: '' });
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
    createdAtMs: nowMs,
  });
  const faults: unknown[] = [];
  const found: ScanFinding[] = [];
  return {
    faults,
    /** What was found until now; what an earlier call has read is not read again. */
    findings: async (): Promise<readonly ScanFinding[]> => {
      while (true) {
        const page = await opened.taskStore.listFindings(taskId, found.length, pageFindings);
        found.push(...page.map(({ finding }) => finding as ScanFinding));
        if (page.length < pageFindings) return found;
      }
    },
    run: () =>
      runTask(
        {
          services,
          leaseOwner: 'worker-1',
          works: {
            scan: workOnScan,
            plan: () => Promise.reject(new Error('nothing is planned here')),
            verify: () => Promise.reject(new Error('nothing is verified here')),
          },
          onFault: (_id, error) => faults.push(error),
        },
        taskId,
        new AbortController().signal,
      ),
    show: () => opened.taskStore.showTask(projectId, taskId),
    cancel: () => opened.taskStore.cancelTask(projectId, taskId, nowMs),
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      await rm(home, { recursive: true, force: true });
    },
  };
}

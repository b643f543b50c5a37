import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteCatalogue } from '../catalogue/sqlite/open-sqlite-catalogue.ts';
import type { NewTask } from '../catalogue/task-port.ts';
import { SecretSeal } from '../identity/secret-seal.ts';
import { importChain } from '../operations/backups/import-chain.ts';
import { RunAbsences } from '../operations/backups/run-absences.ts';
import { planBucket } from '../operations/plan/plan-bucket.ts';
import { workOnScan } from '../operations/scans/scan-work.ts';
import { runTask, type TaskRun } from '../operations/tasks/run-task.ts';
import { verifyChain } from '../operations/verifications/verify-chain.ts';
import type { Job } from '../queue/port.ts';
import type { Services } from '../services.ts';
import type { StorageUnit } from '../storage/port.ts';
import { seededUuid } from './seeded-bytes.ts';

const projectId = 'project-1';
const nowMs = Date.UTC(2026, 10, 23);
const never = new AbortController().signal;

/** What of a task is not the same for all that tests make. */
export type TaskOfTest = Pick<NewTask, 'kind' | 'request'> & Partial<Pick<NewTask, 'backupId' | 'sourceId'>>;

/**
 * What the verbs and workers of an engine have, over a real catalogue and any storage, of which one bucket is granted.
 * Nothing runs by itself: what the queue is given waits for the test to work on it.
 */
export async function openServicesOver(
  storage: StorageUnit,
  bucketName: string,
  changes: Pick<Services, 'linkageMaxBytes'> = { linkageMaxBytes: 0 },
) {
  const home = await mkdtemp(join(tmpdir(), 'backup-sync-services-'));
  const opened = await openSqliteCatalogue({ directory: join(home, 'data') });
  let ids = 0;
  const jobs: Job[] = [];
  const services: Services = {
    ...opened,
    outsideIdentity: null,
    seal: SecretSeal.open(null, home, async () => []),
    storage,
    queue: { add: (job) => void jobs.push(job), async [Symbol.asyncDispose]() {} },
    clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
    rateOf: () => ({ listMs: null, getMs: null, byteMs: null }),
    chainsAtOnce: 1,
    stopping: never,
    ...changes,
    newId: () => {
      ids += 1;
      return seededUuid(String(ids));
    },
  };
  await opened.grantStore.addGrant({ projectId, storageUnitId: storage.id, bucketName, prefix: '' });
  const faults: unknown[] = [];
  const onFault = (_id: string, error: unknown) => faults.push(error);
  const worker = { services, leaseOwner: 'worker-1', absences: new RunAbsences(), onFault };
  const run = { signal: never, storage };
  const works = {
    scan: workOnScan,
    plan: planBucket,
    verify: (run: TaskRun) => verifyChain(run, { opening: null, threadCount: 1 }),
  };
  return {
    services,
    projectId,
    faults,
    worker,
    /** A task as it is written down, before anything works on it. */
    newTask: (task: TaskOfTest): NewTask => ({
      id: services.newId(),
      projectId,
      parentOperationId: null,
      sourceId: null,
      storageUnitId: storage.id,
      bucketName,
      backupId: null,
      actor: { kind: 'system', name: 'ada' },
      requestId: 'request-1',
      createdAtMs: nowMs,
      ...task,
    }),
    /** Works a task that was written down off to its end. */
    runTask: (taskId: string) => runTask({ ...worker, works }, taskId, run),
    /** Works on what the queue was given, and on what comes of it, until nothing is left. */
    workOnAll: async () => {
      for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
        if (job.kind === 'chain') await importChain(worker, job.chain, run);
        else await runTask({ ...worker, works }, job.task.id, run);
      }
    },
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      await rm(home, { recursive: true, force: true });
    },
  };
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BackupSync } from '@backup-sync/contracts';
import type { ChainKey, DueWork, NewOperation, OperationKey } from '../catalogue/operation-records.ts';
import { openSqliteCatalogue } from '../catalogue/sqlite/open-sqlite-catalogue.ts';
import { chainRootOf } from '../chain/formats/chain-root.ts';
import { jobLivesMs, longestRetryDelayMs } from '../deadline.ts';
import { HookSender } from '../hooks/hook-sender.ts';
import { SecretSeal } from '../identity/secret-seal.ts';
import { Backlog } from '../imports/backlog.ts';
import { importChain } from '../imports/import-chain.ts';
import { RunMemories } from '../imports/run-memories.ts';
import { noLog } from '../log-events.ts';
import { type OperationRun, runOperation } from '../operations/run-operation.ts';
import { StoredTimes } from '../operations/stored-times.ts';
import { planBucket } from '../plans/plan-bucket.ts';
import { AcceptanceFirst } from '../queue/acceptance-first.ts';
import type { Services, Work } from '../services.ts';
import { workOnScan } from '../sources/scan-work.ts';
import { verifyAfterEnd } from '../sources/start-verifications.ts';
import { systemSleep } from '../storage/bucket-budget.ts';
import type { StorageUnit } from '../storage/port.ts';
import { noTrustedRoots } from '../trusted-roots.ts';
import { usualCutting } from '../verifications/cut-links.ts';
import { helpVerification } from '../verifications/help-verification.ts';
import { type VerificationOptions, verifyChain } from '../verifications/verify-chain.ts';
import { makeDataDirectory } from './data-directory.ts';
import { openJobRun } from './job-run.ts';
import { seededUuid } from './seeded-bytes.ts';
import { TestClock } from './test-clock.ts';

const projectId = 'project-1';
const startMs = Date.UTC(2026, 10, 23);
const never = new AbortController().signal;

/** The fields of a single operation that tests set. */
export type OperationOfTest = Pick<NewOperation, 'kind' | 'request'> &
  Partial<Pick<NewOperation, 'backupId' | 'sourceId'>>;

/** The key of the chain that an item is imported with. */
export function chainOfItem({ work: { storage } }: Services, projectId: string, item: BackupSync): ChainKey {
  const { bucket_name: bucketName, image_path } = item;
  return { projectId, storageUnitId: storage.id, bucketName, chainRoot: chainRootOf(image_path) };
}

/**
 * Opens the services of handlers and workers over a real catalogue and any storage, with a grant of one bucket. Nothing
 * runs by itself: queued jobs wait until the test runs them.
 */
export async function openServicesOver(
  storage: StorageUnit,
  bucketName: string,
  changes: Partial<Pick<Work, 'linkageMaxBytes' | 'retryForMs' | 'outages' | 'trustedRoots'>> & {
    readonly backlogMax?: number;
    readonly verification?: Partial<VerificationOptions>;
  } = {},
) {
  const home = await mkdtemp(join(tmpdir(), 'backup-sync-services-'));
  const directory = join(home, 'data');
  await makeDataDirectory(directory);
  const catalogue = await openSqliteCatalogue({ directory, inPlace: true });
  const clock = new TestClock(startMs);
  const seal = SecretSeal.open(null, home, async () => []);
  let ids = 0;
  const { backlogMax = 1_000, verification = {}, ...others } = changes;
  let jobs: DueWork[] = [];
  const services: Services = {
    catalogue,
    world: {
      clock,
      newId: () => {
        ids += 1;
        return seededUuid(String(ids));
      },
      log: noLog,
      stopping: never,
      outsideIdentity: null,
      ownNode: null,
      meter: null,
      seal,
    },
    work: {
      storage,
      storageProbe: { storage: '', probe: async () => [] },
      queue: { add: async (job) => void jobs.push(job), async [Symbol.asyncDispose]() {} },
      acceptance: new AcceptanceFirst(clock, systemSleep),
      endListeners: [(ended) => verifyAfterEnd(services, ended)],
      // Tests that want retries set this. All others see the result of the first attempt immediately.
      retryForMs: 0,
      outages: { of: () => null },
      backlog: new Backlog(catalogue, clock, { max: backlogMax, jobsAtOnce: 2 }),
      linkageMaxBytes: 0,
      trustedRoots: () => noTrustedRoots,
      storedTimes: new StoredTimes(catalogue, clock, { isShared: false }),
      rateOf: () => ({ listMs: null, getMs: null, byteMs: null }),
      chainsAtOnce: 1,
      hookSender: new HookSender({ clock, seal, allowedNetworks: [], proxies: null }),
      ...others,
    },
  };
  catalogue.onDue((job) => void jobs.push(job));
  await catalogue.grants.addGrant({ projectId, storageUnitId: storage.id, bucketName, prefix: '' });
  const faults: unknown[] = [];
  const onFault = (_id: string, error: unknown) => faults.push(error);
  const worker = { services, leaseOwner: 'worker-1', memories: new RunMemories(() => clock.nowMs()), onFault };
  const run = openJobRun(storage);
  const threads = { opening: null, threadCount: 1 };
  const options = { threads, cutting: usualCutting, jobLivesMs, otherWorkers: () => 0, ...verification };
  const works = {
    scan: workOnScan,
    plan: planBucket,
    verify: (run: OperationRun) => verifyChain(run, options),
  };
  return {
    services,
    clock,
    projectId,
    faults,
    worker,
    works,
    /** The file of the catalogue. */
    databasePath: join(directory, 'catalogue.sqlite'),
    /** Returns a new single operation, as recorded before it runs. */
    newOperation: (operation: OperationOfTest): NewOperation => ({
      id: services.world.newId(),
      projectId,
      parentOperationId: null,
      sourceId: null,
      storageUnitId: storage.id,
      bucketName,
      backupId: null,
      actor: { kind: 'system', name: 'ada' },
      requestId: 'request-1',
      createdAtMs: clock.nowMs(),
      lane: 'mass',
      ...operation,
    }),
    /** Runs a recorded single operation to its end, or until it is stopped, whether it is queued or not. */
    runOperation: (operationId: string, own: Services = services, signal: AbortSignal = never) => {
      jobs = jobs.filter((job) => job.kind !== 'operation' || job.operation.id !== operationId);
      return runOperation({ ...worker, services: own, works }, operationId, { ...run, signal });
    },
    /** Helps with a verification as another worker does. */
    help: (operation: OperationKey, leaseOwner: string) =>
      helpVerification({ services, leaseOwner, threads }, operation, run),
    /** The queued jobs that have not run. */
    jobs: () => jobs,
    /** Runs the queued jobs that are due, and jobs that they add, until none is left. */
    workOnAll: async () => {
      // A time further away than the longest back-off was planned before the clock was set back.
      const isDue = ({ notBeforeMs }: DueWork) =>
        notBeforeMs === null || notBeforeMs <= clock.nowMs() || notBeforeMs > clock.nowMs() + longestRetryDelayMs;
      for (let job = jobs.find(isDue); job !== undefined; job = jobs.find(isDue)) {
        const next = job;
        jobs = jobs.filter((each) => each !== next);
        if (job.kind === 'chain') await importChain(worker, job.chain, run);
        else if (job.kind === 'part') await helpVerification({ ...worker, threads }, job.operation, run);
        else await runOperation({ ...worker, works }, job.operation.id, run);
      }
    },
    async [Symbol.asyncDispose]() {
      await catalogue[Symbol.asyncDispose]();
      await rm(home, { recursive: true, force: true });
    },
  };
}

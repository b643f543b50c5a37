import { availableParallelism } from 'node:os';
import { BackupSyncError } from '@backup-sync/contracts';
import { v7 as uuidv7 } from 'uuid';
import { auditInterruptedCalls } from './audit/interrupted-calls.ts';
import { type Clock, systemClock } from './clock.ts';
import { Engine } from './engine.ts';
import { EmbeddedIdentity } from './identity/embedded-identity.ts';
import { KeystoneIdentity } from './identity/keystone/keystone-identity.ts';
import type { KeystoneOptions } from './identity/keystone/keystone-options.ts';
import { SecretSeal } from './identity/secret-seal.ts';
import { importChain } from './operations/backups/import-chain.ts';
import { RunAbsences } from './operations/backups/run-absences.ts';
import { planBucket } from './operations/plan/plan-bucket.ts';
import { workOnScan } from './operations/scans/scan-work.ts';
import { runTask, type TaskWorker } from './operations/tasks/run-task.ts';
import { streams, verbs } from './operations/verbs.ts';
import { verifyChain } from './operations/verifications/verify-chain.ts';
import { createInProcessJobQueue } from './queue/in-process-job-queue.ts';
import type { Job } from './queue/port.ts';
import type { Services } from './services.ts';
import { SourceScheduler } from './sources/source-scheduler.ts';
import { type BudgetLimits, systemSleep } from './storage/bucket-budget.ts';
import { budgetRequests } from './storage/budgeted-storage-unit.ts';
import { measureStorage } from './storage/measured-storage-unit.ts';
import { openStorageUnit } from './storage/open-storage-unit.ts';
import type { StorageUnit } from './storage/port.ts';
import { rememberStorageUnit } from './storage/remembered-storage-unit.ts';

/** A fraction of what S3 and OBS grant an account, so that others have their share. */
const defaultBudget: BudgetLimits = { requestsPerSecond: 200, requestsInFlight: 32 };

/** The most threads in which a server reads a backup. */
const serverReadingThreadsMax = 2;

/** The block hashes of a link and its parent on a volume of 1.8 TiB. */
const defaultLinkageMaxBytes = 8 * 1024 ** 3;

export type EmbeddedEngineOptions = {
  /** Holds the catalogue; made when it does not exist, held by one process at a time. */
  readonly dataDirectory: string;
  /** `file:<directory>` or `s3:<endpoint>`. */
  readonly storage: string;
  /** The buckets of this data directory's records lie there now: else only the storage unit of its first opening is taken. */
  readonly storageMoved?: boolean | undefined;
  /** Region of an S3 endpoint. */
  readonly region?: string | undefined;
  /** What may be asked of one bucket by everything in this process; 200 and 32 where it is not said. */
  readonly requestsPerSecond?: number | undefined;
  readonly requestsInFlight?: number | undefined;
  /** See {@link Services.linkageMaxBytes}; 8 GiB if it is not said. */
  readonly linkageMaxBytes?: number | undefined;
  /** Where users, projects and roles are; the embedded identity where it is not said. */
  readonly keystone?: KeystoneOptions | undefined;
  /** Seals the secrets of access keys: 32 bytes in base64; a file of the data directory where it is not said. */
  readonly secretKey?: string | undefined;
  /** Told of faults of this program or its machine that a caller cannot be told of. */
  readonly onFault: (place: string, error: unknown) => void;
  readonly clock?: Clock;
  /** Runs sources by their intervals: for a process that stays. Without it they run when they are called for. */
  readonly runsSources?: boolean;
};

/**
 * The embedded engine: catalogue in a directory, queue in this process. Takes up what an earlier process left.
 *
 * Throws `DataDirectoryInUseError`, `StorageSpecificationError`, `OtherStorageUnitError` or what the storage unit says.
 */
export async function openEmbeddedEngine(options: EmbeddedEngineOptions): Promise<Engine> {
  const clock = options.clock ?? systemClock;
  await using opening = new AsyncDisposableStack();
  const unit = await openStorageUnit(options.storage, options.region === undefined ? {} : { region: options.region });
  const measured = measureStorage(withBudget(unit, options, clock), clock);
  const storage = opening.use(measured.unit);
  const { openSqliteCatalogue } = await import('./catalogue/sqlite/open-sqlite-catalogue.ts');
  const opened = opening.use(await openSqliteCatalogue({ directory: options.dataDirectory }));
  const { catalogue, taskStore, events, knownBackups, sourceStore, identityStore, directory, grantStore, auditLog } =
    opened;
  rememberStorageUnit(options.dataDirectory, options.storage, { moved: options.storageMoved === true });
  const listSealed = () => identityStore.listSealedSecrets();
  const seal = SecretSeal.open(options.secretKey ?? null, options.dataDirectory, listSealed);
  const embedded = await EmbeddedIdentity.open({
    store: identityStore,
    auditLog,
    seal,
    clock,
    newId: uuidv7,
    onFault: (error) => options.onFault('signatures', error),
  });

  const onIdentityFault = (error: unknown) => options.onFault('the identity service', error);
  const identity =
    options.keystone === undefined
      ? embedded
      : new KeystoneIdentity(embedded, options.keystone, clock, onIdentityFault);

  // This process holds the data directory, so whoever held a lease before, or had begun a call, is gone.
  await auditInterruptedCalls({ auditLog, newId: uuidv7 });
  const chains = await catalogue.releaseUnfinished(null, clock.nowMs());
  const tasks = await taskStore.releaseTasks(null, clock.nowMs());
  await taskStore.endOverdueRuns(clock.nowMs());
  const leaseOwner = uuidv7();
  const onFault = (id: string, error: unknown) => options.onFault(`operation ${id}`, error);
  // Imports wait for storage more than they compute.
  const chainsAtOnce = 2 * availableParallelism();
  const opensStorage = {
    id: storage.id,
    specification: options.storage,
    ...(options.region !== undefined && { region: options.region }),
  };
  const works: TaskWorker['works'] = {
    scan: workOnScan,
    plan: planBucket,
    verify: (run) => verifyChain(run, { opening: opensStorage, threadCount: readingThreads(options) }),
  };
  const absences = new RunAbsences();
  const queue = createInProcessJobQueue({
    work: (job, run) =>
      job.kind === 'chain'
        ? importChain({ services, leaseOwner, absences, onFault }, job.chain, run)
        : runTask({ services, leaseOwner, onFault, works }, job.task.id, run),
    storage,
    concurrency: chainsAtOnce,
    onFault: (job, error) => options.onFault(nameOf(job), error),
  });
  opening.defer(async () => {
    await queue[Symbol.asyncDispose]();
    await catalogue.releaseUnfinished(leaseOwner, clock.nowMs());
    await taskStore.releaseTasks(leaseOwner, clock.nowMs());
  });
  const linkageMaxBytes = options.linkageMaxBytes ?? defaultLinkageMaxBytes;
  const stopping = new AbortController();
  opening.defer(() => stopping.abort(new BackupSyncError('unavailable', 'the server is stopping')));
  const services: Services = {
    catalogue,
    taskStore,
    events,
    knownBackups,
    sourceStore,
    directory,
    grantStore,
    auditLog,
    outsideIdentity: options.keystone?.url ?? null,
    seal,
    storage,
    rateOf: measured.rateOf,
    queue,
    chainsAtOnce,
    stopping: stopping.signal,
    clock,
    linkageMaxBytes,
    newId: uuidv7,
  };
  for (const chain of chains) queue.add({ kind: 'chain', chain, lane: 'mass', notBeforeMs: null });
  for (const task of tasks) queue.add({ kind: 'task', task, lane: 'mass', notBeforeMs: null });
  if (options.runsSources === true) {
    const scheduler = opening.use(new SourceScheduler(services, (error) => options.onFault('running sources', error)));
    scheduler.start();
  }

  const owned = opening.move();
  return new Engine({ services, verbs, streams, identity, release: () => owned.disposeAsync() });
}

/** A server keeps one core free to answer calls. Its threads are few because each takes about 40 MiB. */
function readingThreads({ runsSources = false }: EmbeddedEngineOptions): number {
  const cores = availableParallelism();
  return runsSources ? Math.max(1, Math.min(cores - 1, serverReadingThreadsMax)) : cores;
}

function nameOf(job: Job): string {
  return job.kind === 'chain' ? `chain ${job.chain.bucketName}/${job.chain.chainRoot}` : `operation ${job.task.id}`;
}

/**
 * Requests are kept within a budget for each bucket of a service, and of a directory where one was asked for. It stands
 * below the measure of speed, which is then as those who ask have it: with the time that the budget makes them wait.
 */
function withBudget(unit: StorageUnit, options: EmbeddedEngineOptions, clock: Clock): StorageUnit {
  const { requestsPerSecond, requestsInFlight, storage } = options;
  const isAsked = requestsPerSecond !== undefined || requestsInFlight !== undefined;
  if (!isAsked && !storage.startsWith('s3:')) return unit;
  const limits: BudgetLimits = {
    requestsPerSecond: requestsPerSecond ?? defaultBudget.requestsPerSecond,
    requestsInFlight: requestsInFlight ?? defaultBudget.requestsInFlight,
  };
  return budgetRequests(unit, { limits, clock, sleep: systemSleep });
}

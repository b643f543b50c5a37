import { availableParallelism } from 'node:os';
import { BackupSyncError } from '@backup-sync/contracts';
import pLimit from 'p-limit';
import { v7 as uuidv7 } from 'uuid';
import { auditInterruptedCalls } from './audit/interrupted-calls.ts';
import { streams, verbs } from './calls/handlers.ts';
import { orCatalogueFull } from './catalogue/sqlite/full-disk.ts';
import { isCatalogueFault } from './catalogue-refusal.ts';
import { type Clock, systemClock } from './clock.ts';
import { Engine } from './engine.ts';
import { EmbeddedIdentity } from './identity/embedded-identity.ts';
import { KeystoneIdentity } from './identity/keystone/keystone-identity.ts';
import type { KeystoneOptions } from './identity/keystone/keystone-options.ts';
import { onceAMinute } from './identity/once-a-minute.ts';
import { SecretSeal } from './identity/secret-seal.ts';
import { Backlog, defaultBacklogMax } from './imports/backlog.ts';
import { importChain } from './imports/import-chain.ts';
import { RunAbsences } from './imports/run-absences.ts';
import { endWaitsPastLimit } from './operations/end-waits.ts';
import { queueChains, queueTask } from './operations/queue-work.ts';
import { defaultRetryForMs } from './operations/retry.ts';
import { runTask, type TaskWorker } from './operations/run-task.ts';
import { StoredTimes } from './operations/stored-times.ts';
import { planBucket } from './plans/plan-bucket.ts';
import { chainsAtOnce } from './queue/chains-at-once.ts';
import { InProcessJobQueue } from './queue/in-process-job-queue.ts';
import type { Job } from './queue/port.ts';
import { workOnScan } from './scans/scan-work.ts';
import type { Services } from './services.ts';
import { SourceScheduler } from './sources/source-scheduler.ts';
import { systemSleep } from './storage/bucket-budget.ts';
import { BucketWatch } from './storage/bucket-watch.ts';
import { withoutCredentials } from './storage/drivers.ts';
import { openMeasuredStorage, type StorageOptions } from './storage/open-measured-storage.ts';
import { probeBuckets } from './storage/probe-bucket.ts';
import { rememberStorageUnit } from './storage/remembered-storage-unit.ts';
import { verifyChain } from './verifications/verify-chain.ts';

/** The block hashes of a link and its parent on a volume of 1.8 TiB. */
const defaultLinkageMaxBytes = 8 * 1024 ** 3;

export type EmbeddedEngineOptions = StorageOptions & {
  /** Holds the catalogue; made when it does not exist, held by one process at a time. */
  readonly dataDirectory: string;
  /** What this process was started as, such as `backup-sync sync`: told to whoever finds the data directory held. */
  readonly command?: string | undefined;
  /** The buckets of this data directory's records lie there now: else only the storage unit of its first opening is taken. */
  readonly storageMoved?: boolean | undefined;
  /** See {@link Services.linkageMaxBytes}; 8 GiB if it is not said. */
  readonly linkageMaxBytes?: number | undefined;
  /** See {@link Services.retryForMs}; 20 minutes if it is not said. */
  readonly retryForMs?: number | undefined;
  /** Unfinished imports of a project that are accepted ahead; 100,000 if it is not said. */
  readonly backlogMax?: number | undefined;
  /** Where users, projects and roles are; the embedded identity where it is not said. */
  readonly keystone?: KeystoneOptions | undefined;
  /** Seals the secrets of access keys: 32 bytes in base64; a file of the data directory where it is not said. */
  readonly secretKey?: string | undefined;
  /** Told of faults of this program or its machine that a caller cannot be told of. */
  readonly onFault: (place: string, error: unknown) => void;
  /** Told in plain sentences when work begins to wait for storage or the catalogue, and when it goes on. */
  readonly onNotice?: (text: string) => void;
  readonly clock?: Clock;
  /** Brings a data directory of an older release up to date, behind a copy of its database; true unless it is said. */
  readonly mayMigrate?: boolean;
  /** Makes the catalogue if there is none, instead of throwing `NoCatalogueError`; true unless it is said. */
  readonly mayMake?: boolean;
  /** Told once that the files of the data directory were moved or removed: nothing can be kept any more. */
  readonly onDataDirectoryGone?: (error: Error) => void;
  /** Runs sources by their intervals: for a process that stays. Without it they run when they are called for. */
  readonly runsSources?: boolean;
};

/**
 * The embedded engine: catalogue in a directory, queue in this process. Takes up what an earlier process left.
 *
 * Throws what `openSqliteCatalogue` does, `StorageSpecificationError`, `OtherStorageUnitError` or what the storage unit
 * says.
 */
export async function openEmbeddedEngine(options: EmbeddedEngineOptions): Promise<Engine> {
  try {
    return await open(options);
  } catch (error) {
    throw orCatalogueFull(error, options.dataDirectory);
  }
}

async function open(options: EmbeddedEngineOptions): Promise<Engine> {
  const clock = options.clock ?? systemClock;
  await using opening = new AsyncDisposableStack();
  const tell = tellOnce(options.onFault, clock);
  const onNotice = options.onNotice ?? (() => {});
  const { environment } = options;
  const measured = await openMeasuredStorage(options, clock, onNotice);
  const storage = opening.use(measured.unit);
  const { openSqliteCatalogue } = await import('./catalogue/sqlite/open-sqlite-catalogue.ts');
  const opened = opening.use(
    await openSqliteCatalogue({
      directory: options.dataDirectory,
      ...(options.command !== undefined && { command: options.command }),
      ...(options.mayMigrate !== undefined && { mayMigrate: options.mayMigrate }),
      ...(options.mayMake !== undefined && { mayMake: options.mayMake }),
      ...(options.onDataDirectoryGone !== undefined && { onGone: options.onDataDirectoryGone }),
    }),
  );
  const {
    catalogue,
    taskStore,
    events,
    knownBackups,
    sourceStore,
    identityStore,
    directory,
    grantStore,
    auditLog,
    outageStore,
  } = opened;
  rememberStorageUnit(options.dataDirectory, options.storage, { moved: options.storageMoved === true });
  const listSealed = () => identityStore.listSealedSecrets();
  const seal = SecretSeal.open(options.secretKey ?? null, options.dataDirectory, listSealed);
  const embedded = await EmbeddedIdentity.open({
    store: identityStore,
    auditLog,
    seal,
    clock,
    newId: uuidv7,
    onFault: (error) => tell('signatures', error),
  });

  const onIdentityFault = (error: unknown) => tell('the identity service', error);
  const identity =
    options.keystone === undefined
      ? embedded
      : new KeystoneIdentity(embedded, options.keystone, clock, onIdentityFault);

  // This process holds the data directory, so whoever held a lease before, or had begun a call, is gone.
  await auditInterruptedCalls({ auditLog, newId: uuidv7 });
  // The clock of an earlier process may have been ahead.
  await catalogue.followClock({ steppedMs: 0, nowMs: clock.nowMs() });
  const storedTimes = new StoredTimes(catalogue, clock);
  const chains = await catalogue.releaseUnfinished(null, clock.nowMs());
  const tasks = await taskStore.releaseTasks(null, clock.nowMs());
  await taskStore.endOverdueRuns(await storedTimes.nowMs());
  const leaseOwner = uuidv7();
  const onFault = (id: string, error: unknown) => tell(`operation ${id}`, error);
  const opensStorage = {
    id: storage.id,
    specification: options.storage,
    ...(environment !== undefined && { environment }),
  };
  const works: TaskWorker['works'] = {
    scan: workOnScan,
    plan: planBucket,
    verify: (run) => verifyChain(run, { opening: opensStorage, threadCount: readingThreads(options) }),
  };
  const absences = new RunAbsences();
  const buckets = opening.use(
    await BucketWatch.open({
      clock,
      store: outageStore,
      random: Math.random,
      onNotice,
      onFault: (error) => tell('storing an outage', error),
      onFailedAgain: (outage) => {
        endWaitsPastLimit(services, outage).catch((error: unknown) => tell('ending what waited too long', error));
      },
    }),
  );
  // Its requests are made beside the budgets of the buckets.
  const oneProbe = pLimit(1);
  const queue = new InProcessJobQueue({
    work: (job, run) =>
      job.kind === 'chain'
        ? importChain({ services, leaseOwner, absences, onFault }, job.chain, run)
        : runTask({ services, leaseOwner, onFault, works }, job.task.id, run),
    storage,
    concurrency: chainsAtOnce,
    buckets,
    clock,
    sleep: systemSleep,
    random: Math.random,
    onFault: (job, error) => tell(nameOf(job), error),
    onNotice,
  });
  opening.defer(async () => {
    await queue[Symbol.asyncDispose]();
    try {
      await catalogue.releaseUnfinished(leaseOwner, clock.nowMs());
      await taskStore.releaseTasks(leaseOwner, clock.nowMs());
    } catch (error) {
      // A catalogue that cannot be written is no reason not to stop: the next start releases all there is.
      if (!isCatalogueFault(error)) throw error;
    }
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
    storageProbe: {
      storage: withoutCredentials(options.storage),
      probe: (asked) => oneProbe(() => probeBuckets({ ...asked, storage: options.storage, environment })),
    },
    rateOf: measured.rateOf,
    queue,
    outages: buckets,
    retryForMs: options.retryForMs ?? defaultRetryForMs,
    backlog: new Backlog(catalogue, clock, { max: options.backlogMax ?? defaultBacklogMax, jobsAtOnce: chainsAtOnce }),
    chainsAtOnce,
    stopping: stopping.signal,
    clock,
    storedTimes,
    linkageMaxBytes,
    newId: uuidv7,
  };
  queueChains(queue, chains);
  for (const task of tasks) queueTask(queue, task);
  if (options.runsSources === true) {
    const scheduler = opening.use(new SourceScheduler(services, (error) => tell('running sources', error)));
    scheduler.start();
  }

  const owned = opening.move();
  return new Engine({ services, verbs, streams, identity, release: () => owned.disposeAsync() });
}

/**
 * Tells of faults, but of a full disk once a minute, and not that the data directory is gone: all work meets the same,
 * and the latter is told by `onDataDirectoryGone`.
 */
function tellOnce(onFault: EmbeddedEngineOptions['onFault'], clock: Clock): EmbeddedEngineOptions['onFault'] {
  const tellOfDisk = onceAMinute(clock, (error) => onFault('the catalogue', error));
  return (place, error) => {
    const cause = error instanceof BackupSyncError && error.cause instanceof Error ? error.cause : error;
    const name = cause instanceof Error ? cause.name : '';
    if (name === 'CatalogueFullError') tellOfDisk(cause);
    else if (name !== 'DataDirectoryGoneError') onFault(place, error);
  };
}

/**
 * A server reads each backup in one thread. Two verifications run at once, each thread takes about 40 MiB, and a server
 * must stay below 300 MiB.
 */
function readingThreads({ runsSources = false }: EmbeddedEngineOptions): number {
  return runsSources ? 1 : availableParallelism();
}

function nameOf(job: Job): string {
  return job.kind === 'chain' ? `chain ${job.chain.bucketName}/${job.chain.chainRoot}` : `operation ${job.task.id}`;
}

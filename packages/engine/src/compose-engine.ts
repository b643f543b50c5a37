import { BackupSyncError } from '@backup-sync/contracts';
import pLimit from 'p-limit';
import { v7 as uuidv7 } from 'uuid';
import { RefusalLimit } from './audit/refusal-limit.ts';
import { handlers, streams } from './calls/handlers.ts';
import type { Catalogue } from './catalogue/catalogue.ts';
import type { NodeDescription } from './catalogue/node-records.ts';
import type { ReadingThreads } from './chain/threads/storage-threads.ts';
import type { Clock } from './clock.ts';
import { jobLivesMs } from './deadline.ts';
import { Engine } from './engine.ts';
import { courierPace, HookCourier } from './hooks/hook-courier.ts';
import { HookSender } from './hooks/hook-sender.ts';
import { EmbeddedIdentity, type EmbeddedIdentityOptions } from './identity/embedded-identity.ts';
import { KeystoneIdentity } from './identity/keystone/keystone-identity.ts';
import type { KeystoneOptions } from './identity/keystone/keystone-options.ts';
import { LocalGuessLimits } from './identity/local-guess-limits.ts';
import type { SecretSeal } from './identity/secret-seal.ts';
import { TokenAudit } from './identity/token-audit.ts';
import { Backlog, defaultBacklogMax } from './imports/backlog.ts';
import { importChain } from './imports/import-chain.ts';
import { RunMemories } from './imports/run-memories.ts';
import { type Log, noLog, type OnFault } from './log-events.ts';
import type { LeaseHolder, LeaseHolderOptions } from './nodes/lease-holder.ts';
import { afterEnd } from './operations/after-end.ts';
import { endWaitsPastLimit } from './operations/end-waits.ts';
import { logEnds } from './operations/log-ends.ts';
import { RecordKeeper, type Retention } from './operations/remove-old-records.ts';
import { defaultRetryForMs } from './operations/retry.ts';
import { type OperationWorker, runOperation } from './operations/run-operation.ts';
import { StoredTimes } from './operations/stored-times.ts';
import { planBucket } from './plans/plan-bucket.ts';
import { AcceptanceFirst } from './queue/acceptance-first.ts';
import { chainsAtOnce, largeJobsAtOnce, placesOfLargeJob } from './queue/chains-at-once.ts';
import type { InProcessJobQueueOptions } from './queue/in-process-job-queue.ts';
import type { Job, JobQueue } from './queue/port.ts';
import type { Services, World } from './services.ts';
import { workOnScan } from './sources/scan-work.ts';
import { SourceScheduler } from './sources/source-scheduler.ts';
import { startForgottenVerifications, verifyAfterEnd } from './sources/start-verifications.ts';
import { systemSleep } from './storage/bucket-budget.ts';
import { BucketWatch } from './storage/bucket-watch.ts';
import { withoutCredentials } from './storage/drivers.ts';
import type { StorageRate } from './storage/measured-storage-unit.ts';
import type { StorageOptions } from './storage/open-measured-storage.ts';
import type { StorageUnit } from './storage/port.ts';
import { probeBuckets } from './storage/probe-bucket.ts';
import { noTrustedRoots, type TrustedRoots } from './trusted-roots.ts';
import { usualCutting } from './verifications/cut-links.ts';
import { helpVerification } from './verifications/help-verification.ts';
import { verifyChain } from './verifications/verify-chain.ts';

/** Enough for the block hashes of a link and its parent on a volume of 1.8 TiB. */
const defaultLinkageMaxBytes = 8 * 1024 ** 3;

/** The parts that an engine is built from. */
export type EngineDrivers = {
  /** Owns the opened parts. The engine closes them when it ends. */
  readonly opened: AsyncDisposableStack;
  readonly catalogue: Catalogue;
  readonly storage: StorageUnit;
  /** Returns how fast a bucket has answered so far. */
  readonly rateOf: (bucketName: string) => StorageRate;
  readonly openQueue: (options: InProcessJobQueueOptions) => JobQueue;
  readonly openHolder: (options: LeaseHolderOptions) => LeaseHolder;
  readonly seal: SecretSeal;
  /** Set if other nodes use the same catalogue. */
  readonly ofNodes?: NonNullable<EmbeddedIdentityOptions['ofNodes']> | undefined;
  /** What this process says about itself in `listNodes`. */
  readonly node: NodeDescription;
  /** Called when the engine begins to stop. */
  readonly onStopping?: (() => void) | undefined;
};

export type EngineOptions = StorageOptions & {
  /** See `linkageMaxBytes` of {@link Services} (default 8 GiB). */
  readonly linkageMaxBytes?: number | undefined;
  /** The certificates that may vouch for who signed a package (default: none). */
  readonly trustedRoots?: TrustedRoots | undefined;
  /** See `retryForMs` of {@link Services} (default 20 minutes). */
  readonly retryForMs?: number | undefined;
  /** Maximum number of unfinished imports of a project (default 100,000). */
  readonly backlogMax?: number | undefined;
  /** Addresses and networks inside which hooks may be sent, also by http (default: none). */
  readonly hookNetworks?: readonly string[] | undefined;
  /** The Keystone that has the users, projects and roles (default: the embedded identity). */
  readonly keystone?: KeystoneOptions | undefined;
  /** The release of the program, for `listNodes` (default: empty). */
  readonly version?: string | undefined;
  readonly onFault: OnFault;
  /** The log of a process that stays (default: none). */
  readonly log?: Log | undefined;
  /** Returns the number of other workers that take jobs, and may help with a verification (default 0). */
  readonly otherWorkers?: () => number;
  /** Whether this process is the one to run sources now (default: always). */
  readonly mayRunSources?: () => Promise<boolean>;
  /**
   * Run sources at their intervals and remove old records, in a process that stays (default: only run sources that a
   * call starts, and remove nothing).
   */
  readonly runsSources?: boolean;
  /** How long old records are kept (default: see {@link Retention}). */
  readonly retention?: Retention | undefined;
};

/** Builds an engine and resumes the operations that an earlier process left. Throws catalogue errors. */
export async function composeEngine(
  { opened, catalogue, storage, rateOf, openQueue, openHolder, seal, node, ofNodes, onStopping }: EngineDrivers,
  { onFault: tell, ...options }: EngineOptions,
  clock: Clock,
  /** Number of threads that read the data of one backup. */
  readingThreads: number,
): Promise<Engine> {
  await using opening = opened.move();
  const { log = noLog } = options;
  let { trustedRoots = noTrustedRoots } = options;
  const embedded = await EmbeddedIdentity.open({
    catalogue,
    seal,
    clock,
    newId: uuidv7,
    onFault: (error) => tell('signatures', error),
    ofNodes,
  });
  const identity =
    options.keystone === undefined
      ? embedded
      : new KeystoneIdentity(embedded, options.keystone, clock, {
          audit: new TokenAudit(catalogue, clock, uuidv7),
          refusals: new RefusalLimit(clock),
          guesses: ofNodes?.guesses ?? new LocalGuessLimits(clock),
          onFault: (error) => tell('the identity service', error),
        });

  // The clock of an earlier process may have been ahead.
  await catalogue.upkeep.followClock({ steppedMs: 0, nowMs: clock.nowMs() });

  const onFault = (id: string, error: unknown) => tell(`operation ${id}`, error, { operation_id: id });
  const threads: ReadingThreads = {
    opening: {
      id: storage.id,
      specification: options.storage,
      ...(options.environment !== undefined && { environment: options.environment }),
    },
    threadCount: readingThreads,
  };
  const works: OperationWorker['works'] = {
    scan: workOnScan,
    plan: planBucket,
    verify: (run) =>
      verifyChain(run, { threads, cutting: usualCutting, jobLivesMs, otherWorkers: options.otherWorkers ?? (() => 0) }),
  };
  const memories = new RunMemories(() => clock.nowMs());
  const buckets = opening.use(
    await BucketWatch.open({
      clock,
      store: catalogue.outages,
      random: Math.random,
      log,
      onFault: (error) => tell('storing an outage', error),
      onFailedAgain: (outage) => {
        endWaitsPastLimit(services, outage).catch((error: unknown) => tell('ending what waited too long', error));
      },
    }),
  );
  const holder = opening.use(
    openHolder({
      catalogue,
      clock,
      node,
      newId: uuidv7,
      log,
      onFault: (error) => tell('the nodes', error),
      onEnded: (ended) => afterEnd(services, ended),
      onLook: () => buckets.look(),
    }),
  );
  const storedTimes = new StoredTimes(catalogue, clock, { isShared: holder.ownNode === null });
  const acceptance = new AcceptanceFirst(clock, systemSleep);
  const queue = openQueue({
    work: (job, run) =>
      holder.work(run, (leaseOwner, leased) => {
        switch (job.kind) {
          case 'chain':
            return importChain({ services, leaseOwner, memories, onFault }, job.chain, leased);
          case 'operation':
            return runOperation({ services, leaseOwner, onFault, works }, job.operation.id, leased);
          case 'part':
            return helpVerification({ services, leaseOwner, threads }, job.operation, leased);
        }
      }),
    storage,
    acceptance,
    concurrency: chainsAtOnce,
    placesOfLargeJob,
    buckets,
    clock,
    sleep: systemSleep,
    random: Math.random,
    onFault: (job, error) => tell(nameOf(job), error, job.kind === 'chain' ? {} : { operation_id: job.operation.id }),
    log,
  });
  opening.use(queue);
  const stopping = new AbortController();
  opening.defer(() => {
    stopping.abort(new BackupSyncError('unavailable', 'the server is stopping'));
    onStopping?.();
  });
  // One probe at a time, because its requests are outside the budgets of the buckets.
  const oneProbe = pLimit(1);
  const world: World = {
    clock,
    newId: uuidv7,
    log,
    stopping: stopping.signal,
    outsideIdentity: options.keystone?.url ?? null,
    ownNode: holder.ownNode,
    seal,
    meter: options.meter ?? null,
  };
  const hookSender = new HookSender({
    clock,
    seal,
    allowedNetworks: options.hookNetworks ?? [],
    proxies: options.environment?.network?.proxies ?? null,
  });
  const services: Services = {
    catalogue,
    world,
    work: {
      storage,
      storageProbe: {
        storage: withoutCredentials(options.storage),
        probe: (asked) =>
          oneProbe(() => probeBuckets({ ...asked, storage: options.storage, environment: options.environment })),
      },
      rateOf,
      queue,
      acceptance,
      endListeners: [
        async (ended) => {
          for (const each of ended) world.meter?.ended(each);
        },
        (ended) => logEnds(services, ended),
        (ended) => verifyAfterEnd(services, ended),
      ],
      outages: buckets,
      retryForMs: options.retryForMs ?? defaultRetryForMs,
      backlog: new Backlog(catalogue, clock, {
        max: options.backlogMax ?? defaultBacklogMax,
        jobsAtOnce: largeJobsAtOnce,
        hasOtherNodes: ofNodes !== undefined,
      }),
      chainsAtOnce,
      storedTimes,
      hookSender,
      linkageMaxBytes: options.linkageMaxBytes ?? defaultLinkageMaxBytes,
      trustedRoots: () => trustedRoots,
    },
  };
  catalogue.onDue((due) => void queue.add(due));
  await holder.begin();
  await afterEnd(services, await catalogue.operations.endOverdueRuns(await storedTimes.nowMs()));
  await startForgottenVerifications(services);
  if (options.runsSources === true) {
    const scheduler = opening.use(
      new SourceScheduler(services, options.mayRunSources ?? (async () => true), (error) =>
        tell('running sources', error),
      ),
    );
    scheduler.start();
    opening.use(
      new RecordKeeper(services, {
        retention: options.retention ?? {},
        mayRemove: options.mayRunSources ?? (async () => true),
        sleep: systemSleep,
        onFault: (error) => tell('removing old records', error),
      }),
    );
    const courier = opening.use(
      new HookCourier({
        services,
        pace: courierPace,
        random: Math.random,
        maySend: options.mayRunSources ?? (async () => true),
        log,
        onFault: (error) => tell('sending to hooks', error),
      }),
    );
    courier.start();
  }
  const owned = opening.move();
  return Engine.over({
    ...{ services, handlers, streams, identity },
    reconfigure: (changed) => {
      trustedRoots = changed.trustedRoots ?? noTrustedRoots;
    },
    release: () => owned.disposeAsync(),
  });
}

function nameOf(job: Job): string {
  return job.kind === 'chain'
    ? `chain ${job.chain.bucketName}/${job.chain.chainRoot}`
    : `operation ${job.operation.id}`;
}

import { availableParallelism, hostname } from 'node:os';
import { CatalogueUnavailableError } from './catalogue/catalogue-errors.ts';
import { checkDatabase } from './catalogue/postgres/check-database.ts';
import { type DatabaseAddress, DatabaseError } from './catalogue/postgres/database-address.ts';
import { EventSequencer } from './catalogue/postgres/event-sequencer.ts';
import { NodeDuty } from './catalogue/postgres/node-duty.ts';
import { eventLagMs, eventsChannel } from './catalogue/postgres/number-events.ts';
import { openPostgresCatalogue } from './catalogue/postgres/open-postgres-catalogue.ts';
import { catalogueFault, reasonOf } from './catalogue/postgres/postgres-fault.ts';
import { isSilence } from './catalogue/postgres/session.ts';
import { SessionConnection, type SessionConnectionOptions } from './catalogue/postgres/session-connection.ts';
import { isCatalogueFault } from './catalogue-refusal.ts';
import { systemClock } from './clock.ts';
import { composeEngine, type EngineOptions } from './compose-engine.ts';
import type { Engine } from './engine.ts';
import { onceAMinute } from './identity/once-a-minute.ts';
import { openSealOfNodes } from './identity/seal-of-nodes.ts';
import { noLog } from './log-events.ts';
import { claimOverNodes } from './nodes/cluster-claims.ts';
import { DatabaseClock } from './nodes/database-clock.ts';
import { LiveNodes, nodePace } from './nodes/live-nodes.ts';
import { NodeLife } from './nodes/node-life.ts';
import { InProcessJobQueue } from './queue/in-process-job-queue.ts';
import { JobStore, type JobStoreOptions } from './queue/pg-boss/job-store.ts';
import { enqueue, enqueueAlone, jobsChannel } from './queue/pg-boss/jobs.ts';
import { PgBossJobQueue } from './queue/pg-boss/pg-boss-job-queue.ts';
import { queueRefusal, queueSchema } from './queue/pg-boss/pg-boss-schema.ts';
import { Sweeper } from './queue/pg-boss/sweeper.ts';
import { WorkerFeed } from './queue/pg-boss/worker-feed.ts';
import { openSharedLimits } from './shared-limits/open-shared-limits.ts';
import type { SharedCallCounts } from './shared-limits/shared-call-counts.ts';
import { systemSleep } from './storage/bucket-budget.ts';
import { noticesIn, openMeasuredStorage } from './storage/open-measured-storage.ts';
import { memoryInCatalogue, rememberStorageUnit } from './storage/remembered-storage-unit.ts';

export type ClusterEngineOptions = EngineOptions & {
  readonly database: DatabaseAddress;
  /** Accept that the recorded buckets have moved to `storage`. */
  readonly storageMoved?: boolean | undefined;
  /** Key that seals the secrets of access keys, 32 bytes in base64. The same for all nodes. */
  readonly secretKey?: string | undefined;
  /** Whether this node answers calls of others, as `listNodes` shows it. */
  readonly serves: boolean;
  /** Whether this node does work. Otherwise other nodes do the work that its calls cause. */
  readonly works: boolean;
};

/** An engine of several. */
export type ClusterEngine = AsyncDisposable & {
  /** Owned by this: dispose this instead. */
  readonly engine: Engine;
  /** The counts of calls over all nodes. */
  readonly callCounts: SharedCallCounts;
  /** Returns the number of nodes that answer calls. */
  readonly servingNodes: () => number;
  /** Returns how long the oldest event has waited for its number, in milliseconds. Readers cannot see it before. */
  readonly eventLagMs: () => Promise<number>;
};

/**
 * Opens an engine on a PostgreSQL database that other processes may use at the same time.
 *
 * Throws `DatabaseError` if the database cannot be used, `SecretKeyError`, `StorageSpecificationError`,
 * `OtherStorageUnitError`, or the errors of opening the storage unit.
 */
export async function openClusterEngine(options: ClusterEngineOptions): Promise<ClusterEngine> {
  try {
    return await open(options);
  } catch (error) {
    if (!(error instanceof CatalogueUnavailableError)) throw error;
    // It answered a moment ago: open() begins with checks of the database.
    const reason = error.cause instanceof Error ? reasonOf(error.cause) : error.message;
    throw new DatabaseError(
      `The database ${options.database.shown} no longer answers: ${reason}. Check that its server runs and has ` +
        'connections to spare, then start again.',
      { cause: error },
    );
  }
}

async function open({ database, serves, works, ...options }: ClusterEngineOptions): Promise<ClusterEngine> {
  const { url } = database;
  const { log = noLog } = options;
  const onFault = onceAMinute(systemClock, (error) => {
    const fault = catalogueFault(error);
    if (isCatalogueFault(fault)) log('catalogue.unavailable', fault.message, {});
    else options.onFault('the database', fault);
  });
  await checkDatabase(database, queueSchema);
  await using opening = new AsyncDisposableStack();
  const { catalogue, connections, cut, abandon, ring } = openPostgresCatalogue({ url, storeJobs: enqueue });
  opening.use(catalogue);
  const clock = await DatabaseClock.open(
    systemClock,
    (nowMs) => catalogue.nodes.readClock(nowMs),
    (text) => log('node.clock_differs', text, {}),
  );
  const limits = opening.use(openSharedLimits(url, clock, onFault));
  let isStopping = false;
  const sessionOptions: SessionConnectionOptions = {
    address: { connectionString: url, application_name: 'backup-sync' },
    sleep: systemSleep,
    random: Math.random,
    // Steps notice the same fault, and report it.
    onLost: (error) => {
      if (isStopping) abandon();
      if (!isSilence(error)) return;
      cut();
      limits.cut();
    },
  };
  const session = opening.use(
    await SessionConnection.open(sessionOptions).catch((error: unknown) => {
      throw catalogueFault(error);
    }),
  );
  await session.listen(eventsChannel, ring);
  const liveNodes = new LiveNodes(catalogue);
  await liveNodes.look();
  const measured = await openMeasuredStorage(options, clock, noticesIn(log), {
    store: limits.budgets,
    liveNodes: () => liveNodes.working,
  });
  opening.use(measured.unit);
  await rememberStorageUnit(memoryInCatalogue(catalogue), options.storage, { moved: options.storageMoved === true });
  const seal = await openSealOfNodes(options.secretKey ?? null, catalogue);
  const jobs = works ? opening.use(await openJobs(database, { connections, onFault })) : null;
  opening.use(new EventSequencer({ database: connections.database, session, sleep: systemSleep, onFault }));
  opening.use(new Sweeper({ database: connections.database, session, sleep: systemSleep, onFault }));
  const sources = opening.use(new NodeDuty(session, 'run sources'));
  const engine = await composeEngine(
    {
      opened: opening.move(),
      catalogue,
      storage: measured.unit,
      rateOf: measured.rateOf,
      openQueue: (queue) => {
        const feed =
          jobs === null
            ? null
            : new WorkerFeed({
                jobs,
                openScheduler: (onRoom) =>
                  new InProcessJobQueue({ ...queue, work: claimOverNodes(queue.work, session, systemSleep), onRoom }),
                buckets: queue.buckets,
                clock,
                sleep: systemSleep,
                onFault,
              });
        if (feed !== null) void session.listen(jobsChannel, () => feed.wake());
        return new PgBossJobQueue({ enqueue: (due) => enqueueAlone(connections.database, due), feed });
      },
      openHolder: (holder) =>
        new NodeLife({
          ...holder,
          clock,
          sleep: systemSleep,
          pace: nodePace,
          onLook: async () => {
            await holder.onLook();
            await liveNodes.look();
          },
        }),
      seal,
      ofNodes: { guesses: limits.guesses },
      onStopping: () => {
        isStopping = true;
        // Others take over what this node cannot give back.
        if (session.isLost) abandon();
      },
      node: { hostName: hostname(), pid: process.pid, version: options.version ?? '', serves, works },
    },
    {
      ...options,
      onFault: exceptOutages(options.onFault, onFault),
      otherWorkers: () => liveNodes.working - 1,
      mayRunSources: async () => (await sources.take()) !== null,
      runsSources: works && options.runsSources === true,
    },
    clock,
    options.runsSources === true ? 1 : availableParallelism(),
  );
  return {
    engine,
    callCounts: limits.calls,
    servingNodes: () => liveNodes.serving,
    eventLagMs: async () => {
      try {
        return await eventLagMs(connections.database);
      } catch (error) {
        throw catalogueFault(error);
      }
    },
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

async function openJobs(database: DatabaseAddress, options: JobStoreOptions): Promise<JobStore> {
  try {
    return await JobStore.open(options);
  } catch (error) {
    const fault = catalogueFault(error);
    throw fault instanceof CatalogueUnavailableError ? fault : await queueRefusal(database, error);
  }
}

/** Passes on faults, but those of a database that does not answer only once a minute, because all work meets them. */
function exceptOutages(
  onFault: EngineOptions['onFault'],
  onOutage: (error: unknown) => void,
): EngineOptions['onFault'] {
  return (place, error, about) => {
    const isOutage = error instanceof Error && error.name === 'CatalogueUnavailableError';
    if (isOutage) onOutage(error);
    else onFault(place, error, about);
  };
}

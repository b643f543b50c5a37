import type { DueWork, Lane } from '../catalogue/operation-records.ts';
import type { Log } from '../log-events.ts';
import { AcceptanceFirst } from '../queue/acceptance-first.ts';
import { InProcessJobQueue } from '../queue/in-process-job-queue.ts';
import type { Job, JobWork } from '../queue/port.ts';
import { askBeforeRequests } from '../storage/asked-storage-unit.ts';
import { BucketWatch } from '../storage/bucket-watch.ts';
import type { Outage, OutageStore } from '../storage/outage.ts';
import { openMemoryStorageUnit } from './memory-storage-unit.ts';
import { VirtualTime } from './virtual-time.ts';

/** Key of the only object in each bucket. */
export const onlyKey = 'object';

export type QueueOptions = {
  readonly work: JobWork;
  readonly concurrency?: number;
  readonly placesOfLargeJob?: number;
  readonly buckets?: readonly string[];
  /** Awaited before each request to a bucket is made. */
  readonly beforeRequest?: (bucketName: string, signal: AbortSignal | undefined, subject: string) => Promise<void>;
  /** Outages stored by an earlier process. */
  readonly outages?: readonly Outage[];
  /** Awaited before the end of an outage is stored. */
  readonly beforeStoredEnd?: () => Promise<void>;
  /** Called when there may be room for a job that waits elsewhere. */
  readonly onRoom?: () => void;
};

/** A queue in virtual time over storage in memory. Outages are stored in memory too. */
export async function openQueueOver(options: QueueOptions) {
  const time = new VirtualTime();
  const wall = { aheadMs: Date.UTC(2026, 10, 23) };
  const clock = { ...time.clock, nowMs: () => wall.aheadMs + time.clock.monotonicMs() };
  const names = options.buckets ?? ['b'];
  const object = () => new Map([[onlyKey, new Uint8Array(100_000)]]);
  const memory = openMemoryStorageUnit(new Map(names.map((name) => [name, object()])));
  const storage = askBeforeRequests(memory, async ({ bucket, signal, subject }, make) => {
    await options.beforeRequest?.(bucket, signal, subject);
    return await make();
  });
  const stored = new Map((options.outages ?? []).map((outage) => [outage.bucketName, outage]));
  const store: OutageStore = {
    saveOutage: async (outage) => void stored.set(outage.bucketName, outage),
    endOutage: async (_, bucketName) => {
      await options.beforeStoredEnd?.();
      stored.delete(bucketName);
    },
    listOutages: async () => [...stored.values()],
  };
  const faults: unknown[] = [];
  const notices: string[] = [];
  const failedAgain: Outage[] = [];
  const shared = { clock, random: () => 1, log: ((_event, text) => void notices.push(text)) as Log };
  const watch = await BucketWatch.open({
    ...shared,
    store,
    onFault: (error) => faults.push(error),
    onFailedAgain: (outage) => failedAgain.push(outage),
  });
  const acceptance = new AcceptanceFirst(clock, time.sleep);
  const queue = new InProcessJobQueue({
    ...shared,
    acceptance,
    work: options.work,
    concurrency: options.concurrency ?? 1,
    placesOfLargeJob: options.placesOfLargeJob ?? 1,
    storage,
    buckets: watch,
    sleep: time.sleep,
    onFault: (_, error) => faults.push(error),
    ...(options.onRoom !== undefined && { onRoom: options.onRoom }),
  });
  return {
    queue,
    acceptance,
    time,
    wall,
    clock,
    watch,
    stored,
    faults,
    notices,
    failedAgain,
    /** Lets this much time pass. */
    passes: (durationMs: number) => time.until(time.sleep(durationMs, undefined)),
    async [Symbol.asyncDispose]() {
      await queue[Symbol.asyncDispose]();
      await watch[Symbol.asyncDispose]();
    },
  };
}

type ChangesOfJob = { readonly lane?: Lane; readonly notBeforeMs?: number | null; readonly projectId?: string };

export function chainJob(chainRoot: string, bucketName = 'b', changes: ChangesOfJob = {}): DueWork {
  const { lane = 'mass', notBeforeMs = null, projectId = 'p' } = changes;
  return { kind: 'chain', chain: { projectId, storageUnitId: 'memory', bucketName, chainRoot }, lane, notBeforeMs };
}

export function operationJob(
  id: string,
  kind: 'scan' | 'verify',
  bucketName = 'b',
  changes: ChangesOfJob = {},
): DueWork {
  const { lane = 'mass', notBeforeMs = null, projectId = 'p' } = changes;
  return {
    kind: 'operation',
    operation: { id, kind, projectId, storageUnitId: 'memory', bucketName },
    lane,
    notBeforeMs,
  };
}

/** The name that a test gave a job. */
export function nameOf(job: Job): string {
  return job.kind === 'chain' ? job.chain.chainRoot : job.operation.id;
}

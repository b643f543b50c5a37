import {
  type CallName,
  type ErrorCode,
  errors,
  type MetricName,
  metrics,
  operationKinds,
  reasonCodes,
  type VerificationLevel,
  verificationLevels,
} from '@backup-sync/contracts';
import type { Meter } from '@backup-sync/engine';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Family, Sample } from './write-families.ts';

/** Buckets with series of their own. Callers choose the names of buckets, so there may be any number. */
const bucketsMax = 200;
/** The label of all other buckets. A bucket has a name, so it cannot be taken for one. */
const otherBuckets = '';

/** Counts what this process does, and says how it is. */
export class NodeMetrics implements Meter {
  readonly #registry = new Registry();
  readonly #buckets = new Set<string>();
  readonly #calls = this.#counter('backup_sync_calls_total');
  readonly #operations = this.#counter('backup_sync_operations_total');
  readonly #requests = this.#counter('backup_sync_storage_requests_total');
  readonly #throttled = this.#counter('backup_sync_storage_throttled_total');
  readonly #proved = this.#counter('backup_sync_proved_bytes_total');
  readonly #ready = this.#gauge('backup_sync_ready');
  readonly #isRead = this.#gauge('backup_sync_catalogue_read');
  readonly #diskSize = this.#gauge('backup_sync_data_directory_size_bytes');
  readonly #diskAvailable = this.#gauge('backup_sync_data_directory_available_bytes');

  constructor(version: string) {
    this.#gauge('backup_sync_build_info').set({ version, node_version: process.versions.node }, 1);
    // A counter that begins with 1 has not risen for Prometheus, so that no alert would notice the first failure.
    for (const kind of operationKinds) {
      this.#operations.inc({ kind, result: 'success', reason: '' }, 0);
      this.#operations.inc({ kind, result: 'timeout', reason: 'deadline_exceeded' }, 0);
      for (const reason of reasonCodes) this.#operations.inc({ kind, result: 'failed', reason }, 0);
    }
    for (const level of verificationLevels) this.#proved.inc({ level }, 0);
    collectDefaultMetrics({ register: this.#registry });
  }

  called(name: CallName, error: ErrorCode | null): void {
    const status = error === null ? '2xx' : `${Math.floor(errors[error].httpStatus / 100)}xx`;
    this.#calls.inc({ call: name, status });
  }

  ended({ kind, sourceId, status, reasonCode }: Parameters<Meter['ended']>[0]): void {
    const called = kind === 'scan' && sourceId !== null ? 'source_run' : kind;
    this.#operations.inc({ kind: called, result: status, reason: reasonCode ?? '' });
  }

  requested(...[bucketName, kind, error]: Parameters<Meter['requested']>): void {
    const isKnown = this.#buckets.has(bucketName) || this.#buckets.size < bucketsMax;
    if (isKnown) this.#buckets.add(bucketName);
    const bucket = isKnown ? bucketName : otherBuckets;
    this.#requests.inc({ bucket, kind, result: error ?? 'ok' });
    this.#throttled.inc({ bucket }, error === 'throttled' ? 1 : 0);
  }

  proved(level: VerificationLevel, storedBytes: number): void {
    this.#proved.inc({ level }, storedBytes);
  }

  /** Sets what is found out for each answer. `disk` is null if the catalogue is in a database. */
  set({ isReady, isRead, disk }: NodeState): void {
    this.#ready.set(isReady ? 1 : 0);
    this.#isRead.set(isRead ? 1 : 0);
    for (const gauge of [this.#diskSize, this.#diskAvailable]) gauge.reset();
    if (disk === null) {
      // A gauge without labels has a series with 0 after a reset.
      for (const gauge of [this.#diskSize, this.#diskAvailable]) gauge.remove({});
      return;
    }
    this.#diskSize.set(disk.sizeBytes);
    this.#diskAvailable.set(disk.availableBytes);
  }

  /** Returns all metrics of this process. */
  async read(): Promise<readonly Family[]> {
    // Their types are numbers according to prom-client, but in fact they are words.
    const all = (await this.#registry.getMetricsAsJSON()) as unknown as readonly ReadMetric[];
    return all.map(({ values, ...metric }) => ({
      ...metric,
      samples: values.map(({ metricName, ...sample }) => ({
        ...sample,
        ...(metricName !== undefined && { name: metricName }),
      })),
    }));
  }

  #counter(name: MetricName): Counter {
    return new Counter(this.#configuration(name));
  }

  #gauge(name: MetricName): Gauge {
    return new Gauge(this.#configuration(name));
  }

  #configuration(name: MetricName) {
    const { help, labels } = metrics[name];
    return { name, help, labelNames: [...labels], registers: [this.#registry] };
  }
}

/** A metric as prom-client returns it. Its own type has no names of series. */
type ReadMetric = Omit<Family, 'samples'> & {
  readonly values: readonly (Omit<Sample, 'name'> & { readonly metricName?: string })[];
};

/** What is found out about this process for an answer. */
export type NodeState = {
  readonly isReady: boolean;
  /** Whether the catalogue was read for the answer. */
  readonly isRead: boolean;
  /** The disk of the data directory. */
  readonly disk: { readonly sizeBytes: number; readonly availableBytes: number } | null;
};

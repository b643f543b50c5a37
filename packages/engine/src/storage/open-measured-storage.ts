import type { Clock } from '../clock.ts';
import { type Log, noLog } from '../log-events.ts';
import type { Meter } from '../meter.ts';
import { BucketBudget, type BudgetLimits, type RequestBudget, systemSleep } from './bucket-budget.ts';
import { budgetRequests } from './budgeted-storage-unit.ts';
import { ordinaryBudget, type StorageDriver, type StorageEnvironment } from './driver.ts';
import { parseStorage } from './drivers.ts';
import { measureStorage } from './measured-storage-unit.ts';
import { meterRequests } from './metered-storage-unit.ts';
import type { StorageUnit } from './port.ts';
import { SharedBucketBudget, type SharedBudgetOptions } from './shared-bucket-budget.ts';

export type StorageOptions = {
  /** `file:<directory>` or `s3:<endpoint>`. */
  readonly storage: string;
  readonly environment?: StorageEnvironment | undefined;
  /** Requests per second to one bucket, for all nodes together (default: the driver's budget). */
  readonly requestsPerSecond?: number | undefined;
  /**
   * Requests to one bucket that may wait for an answer at the same time, for all nodes together (default: the driver's
   * budget).
   */
  readonly requestsInFlight?: number | undefined;
  /** Counts the requests (default: they are not counted). */
  readonly meter?: Meter | undefined;
};

/** The nodes that share the budgets of the buckets. */
export type BudgetNodes = Pick<SharedBudgetOptions, 'store' | 'liveNodes'>;

/** Writes what a storage unit notices to a log. */
export function noticesIn(log: Log = noLog): (text: string) => void {
  return (text) => log('storage.notice', text, {});
}

/**
 * Opens a storage unit that keeps to its budget and measures how fast it answers. For `onNotice`, see `OpenOptions`.
 * Without `nodes`, this process has the whole budget.
 */
export async function openMeasuredStorage(
  options: StorageOptions,
  clock: Clock,
  onNotice?: (text: string) => void,
  nodes: BudgetNodes | null = null,
): Promise<ReturnType<typeof measureStorage>> {
  const { driver, location } = parseStorage(options.storage);
  const unit = await location.open({ id: 'default', environment: options.environment ?? {}, onNotice });
  // Inside the budget, so that each attempt counts.
  const metered = options.meter === undefined ? unit : meterRequests(unit, options.meter);
  return measureStorage(withBudget(metered, driver, options, { clock, nodes }), clock);
}

/**
 * Adds a budget per bucket for services, and for directories if options ask for one. The budget is inside the
 * measurement, so the measured times include waiting for the budget, as callers experience it.
 */
function withBudget(
  unit: StorageUnit,
  { defaultBudget }: StorageDriver,
  { requestsPerSecond, requestsInFlight }: StorageOptions,
  { clock, nodes }: { readonly clock: Clock; readonly nodes: BudgetNodes | null },
): StorageUnit {
  const isAsked = requestsPerSecond !== undefined || requestsInFlight !== undefined;
  if (!isAsked && defaultBudget === null) return unit;
  const usual = defaultBudget ?? ordinaryBudget;
  const limits: BudgetLimits = {
    requestsPerSecond: requestsPerSecond ?? usual.requestsPerSecond,
    requestsInFlight: requestsInFlight ?? usual.requestsInFlight,
  };
  const openBudget = (bucketName: string): RequestBudget =>
    nodes === null
      ? new BucketBudget(limits, clock, systemSleep)
      : new SharedBucketBudget({ storageUnitId: unit.id, bucketName }, limits, { ...nodes, clock, sleep: systemSleep });
  return budgetRequests(unit, openBudget);
}

import type { Clock } from '../clock.ts';
import { type BudgetLimits, systemSleep } from './bucket-budget.ts';
import { budgetRequests } from './budgeted-storage-unit.ts';
import { ordinaryBudget, type StorageDriver, type StorageEnvironment } from './driver.ts';
import { parseStorage } from './drivers.ts';
import { measureStorage } from './measured-storage-unit.ts';
import type { StorageUnit } from './port.ts';

export type StorageOptions = {
  /** `file:<directory>` or `s3:<endpoint>`. */
  readonly storage: string;
  readonly environment?: StorageEnvironment | undefined;
  /** Requests per second to one bucket, for the whole process (default: the driver's budget). */
  readonly requestsPerSecond?: number | undefined;
  /** Requests to one bucket that may wait for an answer at the same time (default: the driver's budget). */
  readonly requestsInFlight?: number | undefined;
};

/**
 * Opens a storage unit that keeps to its budget and measures how fast it answers. For `onNotice`, see `OpenOptions`.
 */
export async function openMeasuredStorage(
  options: StorageOptions,
  clock: Clock,
  onNotice?: (text: string) => void,
): Promise<ReturnType<typeof measureStorage>> {
  const { driver, location } = parseStorage(options.storage);
  const unit = await location.open({ id: 'default', environment: options.environment ?? {}, onNotice });
  return measureStorage(withBudget(unit, driver, options, clock), clock);
}

/**
 * Adds a budget per bucket for services, and for directories if options ask for one. The budget is inside the
 * measurement, so the measured times include waiting for the budget, as callers experience it.
 */
function withBudget(
  unit: StorageUnit,
  { defaultBudget }: StorageDriver,
  { requestsPerSecond, requestsInFlight }: StorageOptions,
  clock: Clock,
): StorageUnit {
  const isAsked = requestsPerSecond !== undefined || requestsInFlight !== undefined;
  if (!isAsked && defaultBudget === null) return unit;
  const usual = defaultBudget ?? ordinaryBudget;
  const limits: BudgetLimits = {
    requestsPerSecond: requestsPerSecond ?? usual.requestsPerSecond,
    requestsInFlight: requestsInFlight ?? usual.requestsInFlight,
  };
  return budgetRequests(unit, { limits, clock, sleep: systemSleep });
}

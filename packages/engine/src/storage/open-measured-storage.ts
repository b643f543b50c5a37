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
  /** What may be asked of one bucket by everything in this process; the budget of the driver where it is not said. */
  readonly requestsPerSecond?: number | undefined;
  readonly requestsInFlight?: number | undefined;
};

/** Opens a storage unit within its budget, and measures how fast it answers. `onNotice` as of `OpenOptions`. */
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
 * Requests are kept within a budget for each bucket of a service, and of a directory where one was asked for. It stands
 * below the measure of speed, which is then as those who ask have it: with the time that the budget makes them wait.
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

import type { Clock } from '../clock.ts';
import { type BudgetLimits, systemSleep } from './bucket-budget.ts';
import { budgetRequests } from './budgeted-storage-unit.ts';
import { measureStorage } from './measured-storage-unit.ts';
import { openStorageUnit, type StorageEnvironment } from './open-storage-unit.ts';
import type { StorageUnit } from './port.ts';

/** A fraction of what S3 and OBS grant an account, so that others have their share. */
const defaultBudget: BudgetLimits = { requestsPerSecond: 200, requestsInFlight: 32 };

export type StorageOptions = {
  /** `file:<directory>` or `s3:<endpoint>`. */
  readonly storage: string;
  readonly environment?: StorageEnvironment | undefined;
  /** What may be asked of one bucket by everything in this process; 200 and 32 where it is not said. */
  readonly requestsPerSecond?: number | undefined;
  readonly requestsInFlight?: number | undefined;
};

/** Opens a storage unit within its budget, and measures how fast it answers. `onNotice` as of {@link openStorageUnit}. */
export async function openMeasuredStorage(
  options: StorageOptions,
  clock: Clock,
  onNotice?: (text: string) => void,
): Promise<ReturnType<typeof measureStorage>> {
  const unit = await openStorageUnit(options.storage, options.environment, { onNotice });
  return measureStorage(withBudget(unit, options, clock), clock);
}

/**
 * Requests are kept within a budget for each bucket of a service, and of a directory where one was asked for. It stands
 * below the measure of speed, which is then as those who ask have it: with the time that the budget makes them wait.
 */
function withBudget(unit: StorageUnit, options: StorageOptions, clock: Clock): StorageUnit {
  const { requestsPerSecond, requestsInFlight, storage } = options;
  const isAsked = requestsPerSecond !== undefined || requestsInFlight !== undefined;
  if (!isAsked && !storage.startsWith('s3:')) return unit;
  const limits: BudgetLimits = {
    requestsPerSecond: requestsPerSecond ?? defaultBudget.requestsPerSecond,
    requestsInFlight: requestsInFlight ?? defaultBudget.requestsInFlight,
  };
  return budgetRequests(unit, { limits, clock, sleep: systemSleep });
}

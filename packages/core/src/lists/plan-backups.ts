import type { PlanSyncAnswer } from '@backup-sync/contracts';
import type { CallOptions, ListCalls } from '../calls.ts';
import { batches, refuseStrangers, type Several } from './batches.ts';
import { type ListedBackup, ofList } from './listed-items.ts';

/** Implements `Client.planBackups`. */
export async function planBackups(
  calls: Pick<ListCalls, 'planSync'>,
  items: Several<ListedBackup>,
  options: CallOptions = {},
): Promise<PlanSyncAnswer> {
  let whole: PlanSyncAnswer = {
    plan: [],
    forecast: { lists: 0, gets: 0, bytes_read: 0, seconds: 0 },
    requests: { lists: 0, gets: 0, bytes_read: 0 },
  };
  for await (const batch of batches(items)) {
    const answer = await calls.planSync({ sync: [...batch.items] }, options).catch((error: unknown) => {
      throw ofList(error, batch);
    });
    refuseStrangers(batch.items, answer.plan);
    whole = joined(whole, answer);
  }
  return whole;
}

function joined(one: PlanSyncAnswer, other: PlanSyncAnswer): PlanSyncAnswer {
  const { seconds } = one.forecast;
  return {
    plan: [...one.plan, ...other.plan],
    forecast: {
      ...sum(one.forecast, other.forecast),
      seconds: seconds === null || other.forecast.seconds === null ? null : seconds + other.forecast.seconds,
    },
    requests: sum(one.requests, other.requests),
  };
}

function sum(one: PlanSyncAnswer['requests'], other: PlanSyncAnswer['requests']): PlanSyncAnswer['requests'] {
  return {
    lists: one.lists + other.lists,
    gets: one.gets + other.gets,
    bytes_read: one.bytes_read + other.bytes_read,
  };
}

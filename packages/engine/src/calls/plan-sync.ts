// In a file of its own, so that a command that only asks the catalogue does not load the formats of backups.
import { abortAfter } from '../deadline.ts';
import { placeOfItem, refuseUngranted } from '../imports/granted-places.ts';
import { ForecastTally, sumRequests } from '../plans/forecast.ts';
import { planChains } from '../plans/plan-chains.ts';
import type { PlanServices } from '../services.ts';
import type { CallHandler } from './call-context.ts';

/** What cannot be looked at in this time says so: clients and proxies give up after a minute without a byte. */
const timeMs = 45_000;

/**
 * Says what a sync of these items would do and cost, from the listings and the metadata that are not proved yet: all
 * that a sync reads but the block hashes. Changes nothing: no operation, no record, no proof.
 */
export const planSync: CallHandler<'planSync', PlanServices> = async (context, input) => {
  const { services } = context;
  await refuseUngranted(services, input.project_id, input.sync.map(placeOfItem));
  using deadline = abortAfter(timeMs);
  const chains = await planChains(services, { projectId: input.project_id, isRequest: true }, input.sync, {
    stopping: services.world.stopping,
    deadline: { signal: deadline.signal, detail: `a plan of a list looks for ${timeMs / 1000} seconds at most` },
  });
  const byId = new Map(chains.flatMap(({ items }) => items).map((item) => [item.backup_id, item]));
  const forecast = new ForecastTally(services.work.rateOf, services.work.chainsAtOnce);
  for (const { bucketName, cost } of chains) forecast.add({ bucketName, ...cost });
  const { lists, gets, bytesRead } = sumRequests(chains.map(({ requests }) => requests));
  return {
    plan: input.sync.flatMap((item) => byId.get(item.backup_id) ?? []),
    forecast: forecast.finish(),
    requests: { lists, gets, bytes_read: bytesRead },
  };
};

// In a separate file, so that a command that only reads the catalogue does not load the backup formats.
import { abortAfter } from '../deadline.ts';
import { placeOfItem, refuseUngranted } from '../imports/granted-places.ts';
import { ForecastTally, sumRequests } from '../plans/forecast.ts';
import { planChains } from '../plans/plan-chains.ts';
import type { PlanServices } from '../services.ts';
import type { CallHandler } from './call-context.ts';

/** Time for the whole plan, in milliseconds. Clients and proxies give up after a minute without a byte. */
const timeMs = 45_000;

/**
 * Plans a sync of these items: what it would do and cost. Reads the listings and the metadata that are not proved yet,
 * which is all that a sync reads except the block hashes. Changes nothing: no operation, no record, no proof.
 */
export const planSync: CallHandler<'planSync', PlanServices> = async (context, input) => {
  const { services } = context;
  await refuseUngranted(services, input.project_id, input.sync.map(placeOfItem));
  using deadline = abortAfter(timeMs);
  const chains = await planChains(services, { projectId: input.project_id, isRequest: true }, input.sync, {
    stopping: services.world.stopping,
    deadline: { signal: deadline.signal, detail: `planning a list stops after ${timeMs / 1000} seconds` },
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

import type { Hook } from '@backup-sync/contracts';
import { type Kysely, sql } from 'kysely';
import type { Measures } from '../measure-records.ts';
import type { Schema } from '../schema.ts';

const hookStatuses = ['active', 'paused', 'gone'] as const satisfies readonly Hook['status'][];
const deliveryStatuses = ['waiting', 'failed'] as const;

/** Counts the hooks of all projects, and their events that were not delivered. */
export async function measureHooks(database: Kysely<Schema>): Promise<Pick<Measures, 'hooks' | 'hookDeliveries'>> {
  const status = sql<Hook['status']>`case when gone_at_ms is not null then 'gone'
    when paused_at_ms is not null then 'paused' else 'active' end`;
  const hooks = await database
    .selectFrom('hooks')
    .groupBy(status)
    .select(({ fn }) => [status.as('status'), fn.countAll().as('count')])
    .execute();
  // Through the hooks, so that an index leads to the few events that were not delivered.
  const deliveries = await database
    .selectFrom('hooks')
    .innerJoin('hook_events', 'hook_events.hook_id', 'hooks.id')
    .where('hook_events.status', 'in', deliveryStatuses)
    .groupBy('hook_events.status')
    .select(({ fn }) => ['hook_events.status', fn.countAll().as('count')])
    .execute();
  const countOf = (rows: readonly { readonly status: string; readonly count: unknown }[], wanted: string) =>
    Number(rows.find((row) => row.status === wanted)?.count ?? 0);
  return {
    hooks: hookStatuses.map((each) => ({ status: each, count: countOf(hooks, each) })),
    hookDeliveries: deliveryStatuses.map((each) => ({ status: each, count: countOf(deliveries, each) })),
  };
}

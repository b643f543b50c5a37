import { BackupSyncError, type CallInput, type CallOutput, type Resource, toWireTime } from '@backup-sync/contracts';
import type { ResourceStanding } from '../catalogue/backup-records.ts';
import { ageSecondsOf } from '../imports/taken-at.ts';
import type { MutationContext, MutationHandler, QueryHandler } from './call-context.ts';
import { findSource } from './source-view.ts';

/** Lists the resources with the age of the newest proved backup of each. */
export const listResources: QueryHandler<'listResources'> = async (context, input) => {
  const {
    catalogue,
    world: { clock },
  } = context.services;
  if (input.source_id !== undefined) await findSource(context, input.project_id, input.source_id);
  const { rows, count } = await catalogue.backups.listResources(input);
  return { resources: rows.map((row) => resourceView(row, clock.nowMs())), count, limit: input.limit };
};

/** Retires a resource: no newer backup of it is expected. If it is already retired, the time of that stays. */
export const retireResource: MutationHandler<'retireResource'> = async (context, input) =>
  mark(context, input, await context.services.work.storedTimes.nowMs());

/** Ends the retirement of a resource: newer backups of it are expected again. */
export const unretireResource: MutationHandler<'unretireResource'> = (context, input) => mark(context, input, null);

async function mark(
  context: MutationContext,
  { project_id, resource_id }: CallInput<'retireResource'>,
  retiredAtMs: number | null,
): Promise<CallOutput<'retireResource'>> {
  const isKnown = await context.change('retireResource', project_id, resource_id, retiredAtMs);
  const filter = { project_id, resource_id, level: 'linkage', limit: 1 } as const;
  const [resource] = isKnown ? (await listResources(context, filter)).resources : [];
  if (resource === undefined)
    throw new BackupSyncError('resource_not_found', `no backup of ${resource_id} is recorded`);
  return { resource };
}

/**
 * Converts a resource to its wire form. A newest proved backup whose time is in the future, because the clock was set
 * back, is left out.
 */
export function resourceView(
  { resourceId, resourceName, backups, proved, head, retiredAtMs }: ResourceStanding,
  nowMs: number,
): Resource {
  const ageS = head === null ? null : ageSecondsOf(head.takenAtMs, nowMs);
  const newest = ageS === null ? null : head;
  return {
    resource_id: resourceId,
    resource_name: resourceName,
    backups,
    proved_backups: proved,
    newest_proved_backup_id: newest?.backupId ?? null,
    newest_proved_at: newest === null ? null : toWireTime(newest.takenAtMs),
    newest_proved_at_source: newest?.takenAtSource ?? null,
    newest_proved_age_s: ageS,
    retired_at: retiredAtMs === null ? null : toWireTime(retiredAtMs),
  };
}

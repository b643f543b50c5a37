import {
  BackupSyncError,
  type CallInput,
  type CallOutput,
  type CheckedInput,
  describeReason,
  invalidField,
  type Resource,
  recentPageMax,
  standingText,
  toWireTime,
} from '@backup-sync/contracts';
import type { RecentBackups, ResourcePage, ResourceStanding } from '../catalogue/backup-records.ts';
import { ageSecondsOf } from '../imports/taken-at.ts';
import type { QueryServices } from '../services.ts';
import type { MutationContext, MutationHandler, QueryHandler } from './call-context.ts';
import { findSource } from './source-view.ts';

/** Lists the resources with the age of the newest proved backup of each. */
export const listResources: QueryHandler<'listResources'> = async (context, input) => {
  const { services } = context;
  const { catalogue } = services;
  const nowMs = services.world.clock.nowMs();
  if (input.source_id !== undefined) await findSource(context, input.project_id, input.source_id);
  const hasRecent = input.include?.includes('recent') === true;
  const limit = hasRecent ? Math.min(input.limit, recentPageMax) : input.limit;
  const { rows, count, next } = await resourcePage(services, { ...input, limit }, nowMs);
  const recent = hasRecent ? await catalogue.backups.recentBackups(input.project_id, rows) : [];
  const resources = rows.map((row, index) => resourceView(row, nowMs, recent[index]));
  return { resources, count, limit, sort: input.sort, next_marker: next };
};

async function resourcePage(
  { catalogue }: QueryServices,
  input: CheckedInput<'listResources'>,
  nowMs: number,
): Promise<ResourcePage> {
  const { sort, standing, max_age_s: maxAgeS = null } = input;
  if (sort === 'resource_id') {
    if (standing !== undefined) throw invalidField('standing', 'needs sort=worst');
    return await catalogue.backups.listResources(input);
  }
  if (input.accept_ceiling === true)
    throw invalidField('accept_ceiling', `needs sort=resource_id: leave out sort=${sort}, or accept_ceiling`);
  if (maxAgeS === null && (standing === 'late' || standing === 'good')) {
    throw invalidField('max_age_s', `is needed for standing=${standing}`);
  }
  const page = await catalogue.backups.listWorstResources(input, { nowMs, maxAgeS });
  if (page === 'marker_not_found') throw invalidField('marker', 'is not the next_marker of a page in this order');
  return page;
}

/** Counts the resources by how well they are backed up. */
export const showStanding: QueryHandler<'showStanding'> = async (context, input) => {
  const { catalogue, world } = context.services;
  const { level, max_age_s = null } = input;
  const nowMs = world.clock.nowMs();
  if (input.source_id !== undefined) await findSource(context, input.project_id, input.source_id);
  const { oldest, ...counts } = await catalogue.backups.countStandings(input, { nowMs, maxAgeS: max_age_s });
  const numbers = { level, max_age_s, ...counts };
  const ageS = oldest === null ? null : resourceView(oldest, nowMs).newest_proved_age_s;
  return {
    standing: {
      ...numbers,
      oldest:
        oldest === null || ageS === null
          ? null
          : { resource_id: oldest.resourceId, resource_name: oldest.resourceName, newest_proved_age_s: ageS },
      summary: standingText(numbers),
    },
  };
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
  const { catalogue, world } = context.services;
  const filter = { project_id, resource_id, level: 'linkage', limit: 1 } as const;
  const { rows } = isKnown ? await catalogue.backups.listResources(filter) : { rows: [] };
  const [resource] = rows.map((row) => resourceView(row, world.clock.nowMs()));
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
  recent?: RecentBackups,
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
    recent: recent === undefined ? null : recentView(recent),
  };
}

function recentView({ newestProved, failed, newestFault, history }: RecentBackups): Resource['recent'] {
  return {
    newest_proved_level: newestProved?.level ?? null,
    newest_proved_verified_at: newestProved === null ? null : toWireTime(newestProved.verifiedAtMs),
    failed_since: failed,
    failed_reason: newestFault === null ? null : describeReason(newestFault.code, newestFault.detail),
    history: history.map(({ backupId, takenAtMs, status, level }) => ({
      id: backupId,
      taken_at: toWireTime(takenAtMs),
      status,
      level,
    })),
  };
}

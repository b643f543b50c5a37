import { BackupSyncError, type CallInput, type CallOutput } from '@backup-sync/contracts';
import type { CallContext, CallHandler } from '../../context.ts';
import { listResources } from './list-resources.ts';

/** Expects no newer backup of a resource. One that is retired stays so since it was. */
export const retireResource: CallHandler<'retireResource'> = async (context, input) =>
  mark(context, input, await context.services.storedTimes.nowMs());

/** Expects newer backups of a resource again. */
export const unretireResource: CallHandler<'unretireResource'> = (context, input) => mark(context, input, null);

async function mark(
  context: CallContext,
  { project_id, resource_id }: CallInput<'retireResource'>,
  retiredAtMs: number | null,
): Promise<CallOutput<'retireResource'>> {
  const isKnown = await context.services.catalogue.retireResource(project_id, resource_id, retiredAtMs);
  const filter = { project_id, resource_id, level: 'linkage', limit: 1 } as const;
  const [resource] = isKnown ? (await listResources(context, filter)).resources : [];
  if (resource === undefined)
    throw new BackupSyncError('resource_not_found', `no backup of ${resource_id} is recorded`);
  return { resource };
}

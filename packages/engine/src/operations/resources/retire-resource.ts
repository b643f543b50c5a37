import { BackupSyncError, type OperationInput, type OperationOutput } from '@backup-sync/contracts';
import type { CallContext, Verb } from '../../context.ts';
import { listResources } from './list-resources.ts';

/** Expects no newer backup of a resource. One that is retired stays so since it was. */
export const retireResource: Verb<'retireResource'> = async (context, input) =>
  mark(context, input, await context.services.storedTimes.nowMs());

/** Expects newer backups of a resource again. */
export const unretireResource: Verb<'unretireResource'> = (context, input) => mark(context, input, null);

async function mark(
  context: CallContext,
  { project_id, resource_id }: OperationInput<'retireResource'>,
  retiredAtMs: number | null,
): Promise<OperationOutput<'retireResource'>> {
  const isKnown = await context.services.catalogue.retireResource(project_id, resource_id, retiredAtMs);
  const filter = { project_id, resource_id, level: 'linkage', limit: 1 } as const;
  const [resource] = isKnown ? (await listResources(context, filter)).resources : [];
  if (resource === undefined)
    throw new BackupSyncError('resource_not_found', `no backup of ${resource_id} is recorded`);
  return { resource };
}

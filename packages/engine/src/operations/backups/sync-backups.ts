import { authorise, type Verb } from '../../context.ts';
import { refuseUnboundBuckets } from '../bound-buckets.ts';
import { acceptImports } from './accept-imports.ts';

/**
 * Accepts backups to be brought into the catalogue: when this has answered, every item is on disk and will reach an
 * end. The answer keeps the order of the request.
 */
export const syncBackups: Verb<'syncBackups'> = async (context, input) => {
  authorise(context, 'syncBackups', input.project_id);
  await refuseUnboundBuckets(context, input.project_id, new Set(input.sync.map((item) => item.bucket_name)));
  const ids = await acceptImports(context.services, {
    projectId: input.project_id,
    actor: { kind: context.caller.kind, name: context.caller.name },
    requestId: context.requestId,
    parentOperationId: null,
    imports: input.sync.map((item) => ({ item, proofsNotBeforeMs: null })),
  });
  return {
    sync: input.sync.map((item, index) => {
      const id = ids[index];
      if (id === undefined) throw new Error('the catalogue accepted fewer items than it was given');
      return { backup_id: item.backup_id, operation_log_id: id };
    }),
  };
};

import { toWireTime } from '@backup-sync/contracts';
import type { Caller } from '../caller.ts';
import type { QueryServices } from '../services.ts';
import type { QueryHandler } from './call-context.ts';

export const showCaller: QueryHandler<'showCaller'> = async ({ services, caller }) => {
  const { kind, name, role, projectId, expiresAtMs } = caller;
  return {
    caller: {
      kind,
      name,
      role,
      project_id: projectId,
      project_name: await projectName(services, caller),
      expires_at: expiresAtMs === undefined ? null : toWireTime(expiresAtMs),
    },
  };
};

/** The name of the caller's project. Null if the project is not in the directory. */
async function projectName(
  { catalogue, world: { outsideIdentity } }: QueryServices,
  { kind, projectId }: Caller,
): Promise<string | null> {
  if (outsideIdentity !== null && kind === 'user') return null;
  const projects = await catalogue.directory.listProjects();
  return projects.find(({ id }) => id === projectId)?.name ?? null;
}

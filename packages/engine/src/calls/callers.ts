import { toWireTime } from '@backup-sync/contracts';
import type { Services } from '../services.ts';
import type { Caller, CallHandler } from './call-context.ts';

export const showCaller: CallHandler<'showCaller'> = async ({ services, caller }) => {
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

/** Null if the project is not one of the directory. */
async function projectName(
  { directory, outsideIdentity }: Services,
  { kind, projectId }: Caller,
): Promise<string | null> {
  if (outsideIdentity !== null && kind === 'user') return null;
  const projects = await directory.listProjects();
  return projects.find(({ id }) => id === projectId)?.name ?? null;
}

import { BackupSyncError, type Project, toWireTime } from '@backup-sync/contracts';
import type { ProjectRecord } from '../catalogue/directory-records.ts';
import { grantView } from './bucket-grants.ts';
import type { MutationHandler, QueryHandler } from './call-context.ts';
import { accountsOf, refuseOutsideAccounts } from './users.ts';

export const listProjects: QueryHandler<'listProjects'> = async ({ services }) => {
  return { projects: (await accountsOf(services).listProjects()).map(projectView) };
};

export function projectView({ id, name, createdAtMs }: ProjectRecord): Project {
  return { id, name, created_at: toWireTime(createdAtMs) };
}

/** Creates a project, which has no grant. The first project, which had all buckets, keeps those it uses. */
export const createProject: MutationHandler<'createProject'> = async ({ services, change }, { name }) => {
  refuseOutsideAccounts(services);
  const project = { id: services.world.newId(), name, createdAtMs: services.world.clock.nowMs() };
  const madeExplicit = await change('addProject', project);
  if (madeExplicit === 'name_taken') {
    throw new BackupSyncError('project_name_taken', `there is a project ${JSON.stringify(name)} already`);
  }
  return { project: projectView(project), made_explicit: madeExplicit.map(grantView) };
};

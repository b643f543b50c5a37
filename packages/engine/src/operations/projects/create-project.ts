import { BackupSyncError } from '@backup-sync/contracts';
import type { CallHandler } from '../../context.ts';
import { grantView } from '../bucket-grants/grant-view.ts';
import { accountsOf } from '../users/accounts.ts';
import { projectView } from './list-projects.ts';

/** Makes a project, which has no bucket. The first project, which had all of them, keeps those that it uses. */
export const createProject: CallHandler<'createProject'> = async ({ services }, { name }) => {
  const accounts = accountsOf(services);
  const project = { id: services.newId(), name, createdAtMs: services.clock.nowMs() };
  const madeExplicit = await accounts.addProject(project);
  if (madeExplicit === 'name_taken') {
    throw new BackupSyncError('project_name_taken', `there is a project ${JSON.stringify(name)} already`);
  }
  return { project: projectView(project), made_explicit: madeExplicit.map(grantView) };
};

import { type Project, toWireTime } from '@backup-sync/contracts';
import type { CallHandler } from '../../context.ts';
import type { ProjectRecord } from '../../identity/directory.ts';
import { accountsOf } from '../users/accounts.ts';

export const listProjects: CallHandler<'listProjects'> = async ({ services }) => {
  return { projects: (await accountsOf(services).listProjects()).map(projectView) };
};

export function projectView({ id, name, createdAtMs }: ProjectRecord): Project {
  return { id, name, created_at: toWireTime(createdAtMs) };
}

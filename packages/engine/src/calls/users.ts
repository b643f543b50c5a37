import { BackupSyncError, toWireTime, type User } from '@backup-sync/contracts';
import type { CatalogueReads } from '../catalogue/catalogue.ts';
import type { UserChange, UserRecord } from '../catalogue/directory-records.ts';
import { hashPassword } from '../identity/password.ts';
import type { QueryServices } from '../services.ts';
import type { MutationHandler, QueryHandler } from './call-context.ts';

export const listUsers: QueryHandler<'listUsers'> = async ({ services }) => {
  return { users: (await accountsOf(services).listUsers()).map(userView) };
};

/** Makes a user. Without a role nobody comes in anywhere. */
export const createUser: MutationHandler<'createUser'> = async ({ services, change }, input) => {
  const accounts = accountsOf(services);
  const passwordHash = await hashPassword(input.password);
  const nowMs = services.world.clock.nowMs();
  const added = await change('addUser', { id: services.world.newId(), name: input.name, passwordHash, nowMs });
  if (added === 'name_taken') {
    throw new BackupSyncError('user_name_taken', `there is a user ${JSON.stringify(input.name)} already`);
  }
  return await answerUser(accounts, input.name);
};

/** Keeps a user out: its tokens end in the same step, its access keys open nothing while it lasts. */
export const disableUser: MutationHandler<'disableUser'> = async ({ services, change }, { user_name }) => {
  const accounts = accountsOf(services);
  refuseUnlessDone(await change('disableUser', user_name, services.world.clock.nowMs()), user_name);
  return await answerUser(accounts, user_name);
};

export const enableUser: MutationHandler<'enableUser'> = async ({ services, change }, { user_name }) => {
  const accounts = accountsOf(services);
  refuseUnlessDone(await change('enableUser', user_name), user_name);
  return await answerUser(accounts, user_name);
};

/** Gives a user another password; the tokens that the old one brought end. Access keys go on. */
export const setUserPassword: MutationHandler<'setUserPassword'> = async (
  { services, change },
  { user_name, password },
) => {
  const accounts = accountsOf(services);
  refuseUnlessDone(await change('setPassword', user_name, await hashPassword(password)), user_name);
  return await answerUser(accounts, user_name);
};

export const removeUser: MutationHandler<'removeUser'> = async ({ services, change }, { user_name }) => {
  refuseOutsideAccounts(services);
  refuseUnlessDone(await change('removeUser', user_name), user_name);
};

export function userView(user: UserRecord): User {
  return {
    id: user.id,
    name: user.name,
    created_at: toWireTime(user.createdAtMs),
    disabled_at: user.disabledAtMs === null ? null : toWireTime(user.disabledAtMs),
    roles: user.roles.map(({ projectId, projectName, role }) => ({
      project_id: projectId,
      project_name: projectName,
      role,
    })),
  };
}

/** The user as it is after a change. */
export async function answerUser(directory: CatalogueReads['directory'], name: string): Promise<{ user: User }> {
  const user = await directory.showUser(name);
  if (user === null) throw new BackupSyncError('user_not_found', `user ${JSON.stringify(name)} was removed meanwhile`);
  return { user: userView(user) };
}

/** The directory of users and projects. Throws as {@link refuseOutsideAccounts}. */
export function accountsOf(services: QueryServices): CatalogueReads['directory'] {
  refuseOutsideAccounts(services);
  return services.catalogue.directory;
}

/** Throws `identity_elsewhere` where an outside identity has the users and projects. */
export function refuseOutsideAccounts({ world: { outsideIdentity } }: QueryServices): void {
  if (outsideIdentity === null) return;
  throw new BackupSyncError('identity_elsewhere', `users, projects and roles are those of ${outsideIdentity}`);
}

/** Throws what a change of a user came to, where it was not done. */
export function refuseUnlessDone(change: UserChange, userName: string, projectId = ''): void {
  if (change === 'done') return;
  const messages = {
    user_not_found: `there is no user ${JSON.stringify(userName)}`,
    project_not_found: `there is no project ${JSON.stringify(projectId)}`,
    role_not_found: `user ${JSON.stringify(userName)} has no role in project ${projectId}`,
    last_administrator: `${JSON.stringify(userName)} is the last administrator`,
  } as const;
  throw new BackupSyncError(change, messages[change]);
}

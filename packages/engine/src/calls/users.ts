import { BackupSyncError, toWireTime, type User } from '@backup-sync/contracts';
import type { CatalogueReads } from '../catalogue/catalogue.ts';
import type { UserChange, UserRecord } from '../catalogue/directory-records.ts';
import { hashPassword } from '../identity/password.ts';
import type { QueryServices } from '../services.ts';
import type { MutationHandler, QueryHandler } from './call-context.ts';

export const listUsers: QueryHandler<'listUsers'> = async ({ services }) => {
  return { users: (await accountsOf(services).listUsers()).map(userView) };
};

/** Creates a user. Without a role, the user can use no project. */
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

/** Disables a user: its tokens end in the same step, and its access keys do not work until it is enabled. */
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

/** Sets the password of a user. Tokens issued for the old one end. Access keys still work. */
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
  if (user === null)
    throw new BackupSyncError('user_not_found', `user ${JSON.stringify(name)} was removed during this call`);
  return { user: userView(user) };
}

/** Returns the directory of users and projects. Throws as {@link refuseOutsideAccounts}. */
export function accountsOf(services: QueryServices): CatalogueReads['directory'] {
  refuseOutsideAccounts(services);
  return services.catalogue.directory;
}

/** Throws `identity_elsewhere` if an outside identity manages the users and projects. */
export function refuseOutsideAccounts({ world: { outsideIdentity } }: QueryServices): void {
  if (outsideIdentity === null) return;
  throw new BackupSyncError('identity_elsewhere', `${outsideIdentity} manages users, projects and roles`);
}

/** Throws the outcome of a change of a user, unless the change was done. */
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

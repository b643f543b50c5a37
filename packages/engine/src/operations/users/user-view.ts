import { BackupSyncError, toWireTime, type User } from '@backup-sync/contracts';
import type { IdentityDirectory, UserRecord } from '../../identity/directory.ts';

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
export async function answerUser(directory: IdentityDirectory, name: string): Promise<{ user: User }> {
  const user = await directory.showUser(name);
  if (user === null) throw new BackupSyncError('user_not_found', `user ${JSON.stringify(name)} was removed meanwhile`);
  return { user: userView(user) };
}

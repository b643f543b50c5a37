import { BackupSyncError } from '@backup-sync/contracts';
import type { IdentityDirectory, UserChange } from '../../identity/directory.ts';
import type { Services } from '../../services.ts';

/** The directory of users and projects. Throws `identity_elsewhere` where an outside identity has them. */
export function accountsOf({ directory, outsideIdentity }: Services): IdentityDirectory {
  if (outsideIdentity !== null) {
    throw new BackupSyncError('identity_elsewhere', `users, projects and roles are those of ${outsideIdentity}`);
  }
  return directory;
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

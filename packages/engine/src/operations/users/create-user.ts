import { BackupSyncError } from '@backup-sync/contracts';
import type { CallHandler } from '../../context.ts';
import { hashPassword } from '../../identity/password.ts';
import { accountsOf } from './accounts.ts';
import { answerUser } from './user-view.ts';

/** Makes a user. Without a role nobody comes in anywhere. */
export const createUser: CallHandler<'createUser'> = async ({ services }, input) => {
  const accounts = accountsOf(services);
  const passwordHash = await hashPassword(input.password);
  const nowMs = services.clock.nowMs();
  const added = await accounts.addUser({ id: services.newId(), name: input.name, passwordHash, nowMs });
  if (added === 'name_taken') {
    throw new BackupSyncError('user_name_taken', `there is a user ${JSON.stringify(input.name)} already`);
  }
  return await answerUser(accounts, input.name);
};

import type { CallHandler } from '../../context.ts';
import { hashPassword } from '../../identity/password.ts';
import { accountsOf, refuseUnlessDone } from './accounts.ts';
import { answerUser } from './user-view.ts';

/** Keeps a user out: its tokens end in the same step, its access keys open nothing while it lasts. */
export const disableUser: CallHandler<'disableUser'> = async ({ services }, { user_name }) => {
  const accounts = accountsOf(services);
  refuseUnlessDone(await accounts.disableUser(user_name, services.clock.nowMs()), user_name);
  return await answerUser(accounts, user_name);
};

export const enableUser: CallHandler<'enableUser'> = async ({ services }, { user_name }) => {
  const accounts = accountsOf(services);
  refuseUnlessDone(await accounts.enableUser(user_name), user_name);
  return await answerUser(accounts, user_name);
};

/** Gives a user another password; the tokens that the old one brought end. Access keys go on. */
export const setUserPassword: CallHandler<'setUserPassword'> = async ({ services }, { user_name, password }) => {
  const accounts = accountsOf(services);
  refuseUnlessDone(await accounts.setPassword(user_name, await hashPassword(password)), user_name);
  return await answerUser(accounts, user_name);
};

export const removeUser: CallHandler<'removeUser'> = async ({ services }, { user_name }) => {
  refuseUnlessDone(await accountsOf(services).removeUser(user_name), user_name);
};

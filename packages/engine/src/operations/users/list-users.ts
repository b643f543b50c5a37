import type { CallHandler } from '../../context.ts';
import { accountsOf } from './accounts.ts';
import { userView } from './user-view.ts';

export const listUsers: CallHandler<'listUsers'> = async ({ services }) => {
  return { users: (await accountsOf(services).listUsers()).map(userView) };
};

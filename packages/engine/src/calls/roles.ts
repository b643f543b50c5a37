import type { CallHandler } from './call-context.ts';
import { accountsOf, answerUser, refuseUnlessDone } from './users.ts';

export const grantRole: CallHandler<'grantRole'> = async ({ services }, { user_name, target_project_id, role }) => {
  const accounts = accountsOf(services);
  const change = await accounts.assignRole(user_name, target_project_id, role);
  refuseUnlessDone(change, user_name, target_project_id);
  return await answerUser(accounts, user_name);
};

export const revokeRole: CallHandler<'revokeRole'> = async ({ services }, { user_name, target_project_id }) => {
  const change = await accountsOf(services).withdrawRole(user_name, target_project_id);
  refuseUnlessDone(change, user_name, target_project_id);
};

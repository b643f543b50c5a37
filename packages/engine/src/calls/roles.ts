import type { MutationHandler } from './call-context.ts';
import { accountsOf, answerUser, refuseOutsideAccounts, refuseUnlessDone } from './users.ts';

export const grantRole: MutationHandler<'grantRole'> = async (
  { services, change },
  { user_name, target_project_id, role },
) => {
  const accounts = accountsOf(services);
  refuseUnlessDone(await change('assignRole', user_name, target_project_id, role), user_name, target_project_id);
  return await answerUser(accounts, user_name);
};

export const revokeRole: MutationHandler<'revokeRole'> = async (
  { services, change },
  { user_name, target_project_id },
) => {
  refuseOutsideAccounts(services);
  refuseUnlessDone(await change('withdrawRole', user_name, target_project_id), user_name, target_project_id);
};

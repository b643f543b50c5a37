import type { CallHandler } from '../../context.ts';
import { acceptRequest } from './accept-imports.ts';

/** As `syncBackups`; the missing ancestors of these backups are accepted on the way, as operations of their own. */
export const importBackups: CallHandler<'importBackups'> = async (context, input) => {
  return await acceptRequest(context, input);
};

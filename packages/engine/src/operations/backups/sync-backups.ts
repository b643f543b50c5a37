import type { CallHandler } from '../../context.ts';
import { acceptRequest } from './accept-imports.ts';

/**
 * Accepts backups to be brought into the catalogue: when this has answered, every item is on disk and will reach an
 * end. The answer keeps the order of the request.
 */
export const syncBackups: CallHandler<'syncBackups'> = async (context, input) => {
  return await acceptRequest(context, { ...input, with_ancestors: false });
};

import { roleAllows } from '@backup-sync/contracts';
import type { CallHandler } from '../../context.ts';
import { grantView } from './grant-view.ts';

export const listBucketGrants: CallHandler<'listBucketGrants'> = async ({ services, caller }, input) => {
  const ofAll = roleAllows(caller.role, 'administrator');
  const grants = await services.grantStore.listGrants(ofAll ? null : input.project_id);
  return { grants: grants.map(grantView) };
};

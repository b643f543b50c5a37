import {
  BackupSyncError,
  type CheckedInput,
  type BucketGrant as GrantAnswer,
  roleAllows,
} from '@backup-sync/contracts';
import type { BucketGrant } from '../catalogue/bucket-grant.ts';
import type { CallServices, QueryServices } from '../services.ts';
import type { MutationHandler, QueryHandler } from './call-context.ts';

export const listBucketGrants: QueryHandler<'listBucketGrants'> = async ({ services, caller }, input) => {
  const ofAll = roleAllows(caller.role, 'administrator');
  const grants = await services.catalogue.grants.listGrants(ofAll ? null : input.project_id);
  return { grants: grants.map(grantView) };
};

/** Grants a project a bucket or a folder of it. Several projects may have the same grant. */
export const grantBucket: MutationHandler<'grantBucket'> = async ({ services, change }, input) => {
  await refuseUnknownProject(services, input.target_project_id);
  const grant = grantOf(services, input);
  const madeExplicit = await change('addGrant', grant);
  return { grant: grantView(grant), made_explicit: madeExplicit.map(grantView) };
};

/** Revokes a grant. Operations in progress that need it fail within seconds. Records stay. */
export const revokeBucket: MutationHandler<'revokeBucket'> = async ({ services, change }, input) => {
  if (!(await change('removeGrant', grantOf(services, input)))) {
    const place = input.prefix === '' ? input.bucket_name : `${input.bucket_name}/${input.prefix}`;
    throw new BackupSyncError('bucket_grant_not_found', `project ${input.target_project_id} has no grant for ${place}`);
  }
};

function grantOf({ work: { storage } }: CallServices, input: CheckedInput<'grantBucket'>): BucketGrant {
  const { target_project_id, bucket_name, prefix } = input;
  return { projectId: target_project_id, storageUnitId: storage.id, bucketName: bucket_name, prefix };
}

/** Throws `project_not_found`. With an outside identity the projects are not known here, so any id is accepted. */
async function refuseUnknownProject(
  { catalogue, world: { outsideIdentity } }: QueryServices,
  projectId: string,
): Promise<void> {
  if (outsideIdentity !== null) return;
  const projects = await catalogue.directory.listProjects();
  if (projects.some(({ id }) => id === projectId)) return;
  throw new BackupSyncError('project_not_found', `there is no project ${JSON.stringify(projectId)}`);
}

export function grantView({ projectId, storageUnitId, bucketName, prefix }: BucketGrant): GrantAnswer {
  return { project_id: projectId, storage_unit: storageUnitId, bucket_name: bucketName, prefix };
}

import type { BucketGrant as GrantAnswer } from '@backup-sync/contracts';
import type { BucketGrant } from '../../identity/grants.ts';

export function grantView({ projectId, storageUnitId, bucketName, prefix }: BucketGrant): GrantAnswer {
  return { project_id: projectId, storage_unit: storageUnitId, bucket_name: bucketName, prefix };
}

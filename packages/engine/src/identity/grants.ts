/** A bucket, or a folder of one, that a project may use. */
export type BucketGrant = {
  readonly projectId: string;
  readonly storageUnitId: string;
  readonly bucketName: string;
  /** Empty, or it ends in "/". */
  readonly prefix: string;
};

/** In the grant that the first project begins with: every storage unit and every bucket. */
export const everything = '*';

/**
 * Which buckets belong to which projects. Each method is one atomic step, on disk once it has answered.
 *
 * - The grant of everything ends with a second project: `addGrant` to another project puts grants by name in its place,
 *   of the buckets that its project has backups, sources or unfinished operations in. It answers these; an empty list
 *   where there was nothing to end.
 * - `listGrants` answers those of one project, or all with null; by project, bucket and prefix.
 */
export interface GrantStore {
  addGrant(grant: BucketGrant): Promise<readonly BucketGrant[]>;
  removeGrant(grant: BucketGrant): Promise<boolean>;
  listGrants(projectId: string | null): Promise<readonly BucketGrant[]>;
}

/** Whether a grant covers this key, or all keys that begin so. */
export function isGranted(
  grants: readonly BucketGrant[],
  place: { readonly storageUnitId: string; readonly bucketName: string; readonly key: string },
): boolean {
  return grants.some(
    (grant) => reaches(grant, place.storageUnitId, place.bucketName) && place.key.startsWith(grant.prefix),
  );
}

/** Whether a grant is of this bucket, or of something in it. */
export function reaches(grant: BucketGrant, storageUnitId: string, bucketName: string): boolean {
  if (grant.storageUnitId === everything) return true;
  return grant.storageUnitId === storageUnitId && grant.bucketName === bucketName;
}

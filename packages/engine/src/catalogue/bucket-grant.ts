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

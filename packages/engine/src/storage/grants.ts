/** A part of storage that may be used: a bucket, or a folder of one. */
export type StorageGrant = {
  readonly storageUnitId: string;
  readonly bucketName: string;
  /** Empty, or it ends in "/". */
  readonly prefix: string;
};

/** In a grant of every storage unit and every bucket. */
export const everything = '*';

/** Whether a grant covers this key, or all keys that begin so. */
export function isGranted(
  grants: readonly StorageGrant[],
  place: { readonly storageUnitId: string; readonly bucketName: string; readonly key: string },
): boolean {
  return grants.some(
    (grant) => reaches(grant, place.storageUnitId, place.bucketName) && place.key.startsWith(grant.prefix),
  );
}

/** Whether a grant is of this bucket, or of something in it. */
export function reaches(grant: StorageGrant, storageUnitId: string, bucketName: string): boolean {
  if (grant.storageUnitId === everything) return true;
  return grant.storageUnitId === storageUnitId && grant.bucketName === bucketName;
}

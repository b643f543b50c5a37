/** A part of storage that a project may use: a bucket, or a folder in one. */
export type StorageGrant = {
  readonly storageUnitId: string;
  readonly bucketName: string;
  /** Empty, or ends with "/". */
  readonly prefix: string;
};

/** The storage unit and bucket of a grant that covers everything. */
export const everything = '*';

/** The message of a refusal. Each place is a bucket, or a bucket, a slash and a key or prefix. */
export function describeUngranted(places: Iterable<string>): string {
  return `the project has no grant for: ${[...places].join(', ')}`;
}

/** Whether a grant covers this key or prefix. */
export function isGranted(
  grants: readonly StorageGrant[],
  place: { readonly storageUnitId: string; readonly bucketName: string; readonly key: string },
): boolean {
  return grants.some(
    (grant) => reaches(grant, place.storageUnitId, place.bucketName) && place.key.startsWith(grant.prefix),
  );
}

/** Whether a grant covers this bucket or a part of it. */
export function reaches(grant: StorageGrant, storageUnitId: string, bucketName: string): boolean {
  if (grant.storageUnitId === everything) return true;
  return grant.storageUnitId === storageUnitId && grant.bucketName === bucketName;
}

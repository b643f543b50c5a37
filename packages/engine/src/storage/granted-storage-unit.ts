import { type BucketGrant, isGranted, reaches } from '../identity/grants.ts';
import { StorageError, type StorageUnit } from './port.ts';

/**
 * Keeps what works for a project within its grants, whatever led there: a call at its door is refused before, and a
 * parent link, a record or a source that leads elsewhere ends here. Outside the grants everything throws
 * `access_denied`, and no request is made. The grants are asked for once, with the first call. Closing this unit leaves
 * the other open.
 */
export function limitToGrants(unit: StorageUnit, listGrants: () => Promise<readonly BucketGrant[]>): StorageUnit {
  let listed: Promise<readonly BucketGrant[]> | undefined;
  const check = async (bucketName: string, key: string) => {
    listed ??= listGrants();
    if (!isGranted(await listed, { storageUnitId: unit.id, bucketName, key })) {
      throw notGranted(bucketName, key);
    }
  };
  return {
    id: unit.id,
    async *list(request) {
      await check(request.bucket, request.prefix);
      yield* unit.list(request);
    },
    async *listFolders(request) {
      await check(request.bucket, request.prefix);
      yield* unit.listFolders(request);
    },
    async get(request) {
      await check(request.bucket, request.key);
      return unit.get(request);
    },
    async head(request) {
      await check(request.bucket, request.key);
      return unit.head(request);
    },
    async admit(request) {
      // What other threads read was listed through here: the bucket is all that is said of it.
      listed ??= listGrants();
      const grants = await listed;
      if (!grants.some((grant) => reaches(grant, unit.id, request.bucket))) throw notGranted(request.bucket, '');
      return unit.admit(request);
    },
    async [Symbol.asyncDispose]() {},
  };
}

function notGranted(bucketName: string, key: string): StorageError {
  return new StorageError('access_denied', `${bucketName}/${key}: this is not granted to the project`);
}

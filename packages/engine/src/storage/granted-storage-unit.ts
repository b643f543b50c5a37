import { isGranted, reaches, type StorageGrant } from './grants.ts';
import { StorageError, type StorageUnit } from './port.ts';

/**
 * Keeps what works for a project within its grants, whatever led there: a call at its door is refused before, and a
 * parent link, a record or a source that leads elsewhere ends here. Outside the grants everything throws
 * `access_denied`, and no request is made. The grants are asked for with each request, each page of a listing too.
 * Closing this unit leaves the other open.
 */
export function limitToGrants(unit: StorageUnit, listGrants: () => Promise<readonly StorageGrant[]>): StorageUnit {
  const check = async (bucketName: string, key: string) => {
    if (!isGranted(await listGrants(), { storageUnitId: unit.id, bucketName, key })) {
      throw notGranted(bucketName, key);
    }
  };
  async function* checkEach<Page>(pages: AsyncIterable<Page>, bucketName: string, prefix: string) {
    await check(bucketName, prefix);
    for await (const page of pages) {
      yield page;
      await check(bucketName, prefix);
    }
  }
  return {
    id: unit.id,
    list: (request) => checkEach(unit.list(request), request.bucket, request.prefix),
    listFolders: (request) => checkEach(unit.listFolders(request), request.bucket, request.prefix),
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
      const grants = await listGrants();
      if (!grants.some((grant) => reaches(grant, unit.id, request.bucket))) throw notGranted(request.bucket, '');
      return unit.admit(request);
    },
    async [Symbol.asyncDispose]() {},
  };
}

function notGranted(bucketName: string, key: string): StorageError {
  return new StorageError('access_denied', `${bucketName}/${key}: this is not granted to the project`);
}

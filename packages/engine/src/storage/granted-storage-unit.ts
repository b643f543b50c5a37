import { describeUngranted, isGranted, reaches, type StorageGrant } from './grants.ts';
import { StorageError, type StorageUnit } from './port.ts';

/**
 * Limits a storage unit to the grants of a project. Outside the grants, everything throws `access_denied` without a
 * request.
 *
 * Calls are refused earlier, at the interface. This also stops a parent, a record or a source that leads elsewhere. The
 * grants are read again for each request, including each page of a listing. Closing this unit leaves `unit` open.
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
    listsRanges: unit.listsRanges,
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
      // Other threads read what was listed through here, so checking the bucket is enough.
      const grants = await listGrants();
      if (!grants.some((grant) => reaches(grant, unit.id, request.bucket))) throw notGranted(request.bucket, '');
      return unit.admit(request);
    },
    async [Symbol.asyncDispose]() {},
  };
}

function notGranted(bucketName: string, key: string): StorageError {
  return new StorageError('access_denied', describeUngranted([key === '' ? bucketName : `${bucketName}/${key}`]));
}

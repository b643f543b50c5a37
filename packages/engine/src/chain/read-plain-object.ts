import type { BucketContext } from './chain-context.ts';
import { faultingBody, withReadFaults } from './proof/read-fault.ts';

/** Opens an object that was not listed before. The call and the bytes throw `ReadFault`, and storage errors. */
export async function readPlainObject(
  { storage, bucketName, signal }: BucketContext,
  key: string,
): Promise<AsyncIterable<Uint8Array>> {
  const { body } = await withReadFaults(key, () => storage.get({ bucket: bucketName, key, signal }));
  return faultingBody(body, key);
}

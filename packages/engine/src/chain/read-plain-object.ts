import { faultingBody, withReadFaults } from './cinder/read-fault.ts';
import type { DescribeContext } from './format.ts';

/** Opens an object that was not listed before. Throws `ReadFault`, as its bytes do, and what storage throws. */
export async function readPlainObject(
  { storage, bucketName, signal }: DescribeContext,
  key: string,
): Promise<AsyncIterable<Uint8Array>> {
  const { body } = await withReadFaults(key, () => storage.get({ bucket: bucketName, key, signal }));
  return faultingBody(body, key);
}

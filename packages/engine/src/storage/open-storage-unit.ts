import type { OpenOptions, StorageEnvironment } from './driver.ts';
import { parseStorage } from './drivers.ts';
import type { StorageUnit } from './port.ts';

/**
 * Opens what a specification names, such as `file:<directory>` or `s3:<endpoint>`. Loads the driver that it needs and no
 * other.
 *
 * Throws `StorageSpecificationError`, and `StorageError` if a directory is not there.
 */
export async function openStorageUnit(
  specification: string,
  environment: StorageEnvironment = {},
  { id = 'default', onNotice }: Partial<Omit<OpenOptions, 'environment'>> = {},
): Promise<StorageUnit> {
  return parseStorage(specification).location.open({ id, environment, onNotice });
}

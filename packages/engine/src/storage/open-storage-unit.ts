import type { OpenOptions, StorageEnvironment } from './driver.ts';
import { parseStorage } from './drivers.ts';
import type { StorageUnit } from './port.ts';

/**
 * Opens the storage unit that a specification names, such as `file:<directory>` or `s3:<endpoint>`. Loads only the
 * driver that it needs.
 *
 * Throws `StorageSpecificationError`, and `StorageError` if a directory does not exist.
 */
export async function openStorageUnit(
  specification: string,
  environment: StorageEnvironment = {},
  { id = 'default', onNotice }: Partial<Omit<OpenOptions, 'environment'>> = {},
): Promise<StorageUnit> {
  return parseStorage(specification).location.open({ id, environment, onNotice });
}

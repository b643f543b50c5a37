import { realpathSync } from 'node:fs';
import type { StorageDriver } from '../driver.ts';

/** A directory whose subdirectories are buckets. */
export const filesystemDriver: StorageDriver = {
  scheme: 'file',
  form: 'file:<directory>',
  example: 'file:/srv/backups',
  placeKind: 'directory',
  parse(place, refuse) {
    if (place === '') throw refuse('names no directory');
    if (place.includes('\0')) throw refuse('has a NUL character');
    if (/^\/\/[^/]/.test(place)) throw refuse('names a host, not a directory');
    return {
      canonical: () => realpathSync(place),
      host: null,
      async open({ id }) {
        const { openFilesystemStorageUnit } = await import('./filesystem-storage-unit.ts');
        return openFilesystemStorageUnit({ id, directory: place });
      },
    };
  },
  withoutCredentials: (place) => place,
  defaultBudget: null,
  leastPolicy: null,
  async listBuckets(place) {
    const { listBucketDirectories } = await import('./bucket-directory.ts');
    return await listBucketDirectories(place);
  },
};

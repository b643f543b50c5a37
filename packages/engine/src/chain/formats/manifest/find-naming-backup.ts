import { chainManifestHashesName, chainManifestName } from '@backup-sync/contracts';
import { StorageError } from '../../../storage/port.ts';
import type { BucketContext } from '../../chain-context.ts';
import { readManifest } from '../../manifest-document/read-manifest.ts';
import { provableObjectsMax } from '../../proof/object-bound.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import { readPlainObject } from '../../read-plain-object.ts';

/**
 * Number of folders above an image path that are searched. A backup's objects are in its folder, or one folder below.
 */
const foldersUp = 2;

/**
 * Finds the image path of a backup whose manifest names the object at this image path; null if no manifest above does.
 * Costs one GET for each folder that is searched. Throws storage errors of the bucket.
 */
export async function findNamingBackup(context: BucketContext, imagePath: string): Promise<string | null> {
  const segments = imagePath.split('/');
  for (let up = 1; up <= foldersUp && up < segments.length; up += 1) {
    const folder = segments.slice(0, -up).join('/');
    if (await names(context, folder, segments.slice(-up).join('/'))) return folder;
  }
  return null;
}

async function names(context: BucketContext, folder: string, relativePath: string): Promise<boolean> {
  try {
    const bytes = await readPlainObject(context, `${folder}/${chainManifestName}`);
    const reading = await readManifest(bytes, { objectsMax: provableObjectsMax, keepsSha256: false });
    if (reading.kind === 'unreadable') return false;
    if (relativePath === chainManifestName || relativePath === chainManifestHashesName) return true;
    const { keys } = reading.manifest.objects;
    for (let row = 0; row < keys.count; row += 1) {
      if (keys.at(row) === relativePath) return true;
    }
    return false;
  } catch (error) {
    // A manifest that is missing or may not be read names nothing.
    if (error instanceof ReadFault || (error instanceof StorageError && error.code === 'access_denied')) return false;
    throw error;
  }
}

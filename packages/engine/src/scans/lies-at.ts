import type { BackupFormat } from '@backup-sync/contracts';
import type { Location } from '../chain/proof/link.ts';
import type { StorageUnit } from '../storage/port.ts';

/**
 * Whether any object of a backup is stored at its image path. Lists only up to the first such object. In an unknown
 * format that is the object with exactly this key or a key below it (`a/b` is not `a/bc`), and it must have content: a
 * folder marker has none.
 *
 * Throws storage errors: a place that cannot be listed is not empty.
 */
export async function liesAt(
  storage: StorageUnit,
  { bucketName, imagePath }: Location,
  format: BackupFormat,
  signal: AbortSignal,
): Promise<boolean> {
  for await (const page of storage.list({ bucket: bucketName, prefix: imagePath, signal })) {
    const isThere = page.some(
      ({ key, size }) => format !== 'unknown' || (size > 0 && (key === imagePath || key.startsWith(`${imagePath}/`))),
    );
    if (isThere) return true;
    // Keys are sorted by their bytes: after "/" comes no object of this backup.
    const last = page.at(-1);
    if (last !== undefined && last.key.charAt(imagePath.length) > '/') return false;
  }
  return false;
}

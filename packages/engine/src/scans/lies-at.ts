import type { BackupFormat } from '@backup-sync/contracts';
import type { Location } from '../chain/proof/link.ts';
import type { StorageUnit } from '../storage/port.ts';

/**
 * Whether anything of a backup lies at its image path, by a listing that ends at the first such object. In no known
 * format that is the object of that very key, or keys below it (`a/b` is not `a/bc`), with content: a folder marker has
 * none.
 *
 * Throws what storage throws: a place that cannot be listed is not empty.
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
    // Keys are sorted by their bytes: behind "/" comes nothing that is part of this backup.
    const last = page.at(-1);
    if (last !== undefined && last.key.charAt(imagePath.length) > '/') return false;
  }
  return false;
}

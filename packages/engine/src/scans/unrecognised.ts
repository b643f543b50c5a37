import { counted } from '@backup-sync/contracts';
import { minioAdvice } from '../chain/minio-layout.ts';
import type { Fault } from '../chain/proof/link.ts';
import { printable } from '../quote.ts';

/** The totals of a complete listing. */
export type ListedTotals = {
  readonly objects: number;
  /** Of these, objects in ignored snapshot folders. */
  readonly passedOver: number;
  /** Of these, files in MinIO's own disk layout. */
  readonly minioFiles: number;
  /** Backups, including begun ones and those found by a path template. */
  readonly found: number;
};

/** The fault of a complete listing that has objects but none recognised as part of a backup. Null otherwise. Pure. */
export function faultOfUnrecognised(
  { objects, passedOver, minioFiles, found }: ListedTotals,
  place: { readonly bucketName: string; readonly prefix: string },
): Fault | null {
  if (found > 0 || objects === 0) return null;
  const at = `${place.bucketName}/${place.prefix}`;
  const detail =
    minioFiles > 0
      ? `${at} is in ${minioAdvice}`
      : `${at} has ${counted(objects, 'object')}${passedOver === 0 ? '' : `, ${passedOver} of them ignored in snapshot folders`}`;
  return { code: 'no_backup_recognised', detail: printable(detail) };
}

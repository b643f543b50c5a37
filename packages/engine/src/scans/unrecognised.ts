import { counted } from '@backup-sync/contracts';
import { minioAdvice } from '../chain/minio-layout.ts';
import type { Fault } from '../chain/proof/link.ts';
import { printable } from '../quote.ts';

/** What a complete listing came to. */
export type ListedTotals = {
  readonly objects: number;
  /** Of these, in snapshot folders that nobody asked for. */
  readonly passedOver: number;
  /** Of these, files in which MinIO keeps objects on its own disk. */
  readonly minioFiles: number;
  /** Backups, begun ones and those of a path template among them. */
  readonly found: number;
};

/** Why a complete listing is no success: it has objects, and none of them is recognised as part of a backup. Pure. */
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

import type { BackupFormat } from '@backup-sync/contracts';
import type { EdgeProof, RecordedListing } from '../chain/proof/link.ts';
import type { BackupRecord } from './backup-records.ts';

/** What the catalogue knows of a backup, forgotten ones included. */
export type KnownBackup = {
  readonly record: BackupRecord;
  /** Deleted: scans leave it alone. */
  readonly isForgotten: boolean;
  /** Marked as no longer in its bucket. */
  readonly isVanished: boolean;
  /** The newest proof; null where there is none. */
  readonly proof: EdgeProof | null;
};

/** What is recorded at a place, as far as a listing is compared with it. */
export type RecordedBackup = RecordedListing & {
  readonly imagePath: string;
  readonly format: BackupFormat;
  readonly status: BackupRecord['status'];
};

import type { BackupFormat } from '@backup-sync/contracts';
import type { EdgeProof, RecordedListing } from '../chain/proof/link.ts';
import type { BackupRecord } from './backup-records.ts';

/** A record with its newest proof. Forgotten records are included. */
export type KnownBackup = {
  readonly record: BackupRecord;
  /** Whether the record was deleted. Scans then ignore the backup. */
  readonly isForgotten: boolean;
  /** The package whose part the backup is, which is why its record was removed; null for all others. */
  readonly partOf: string | null;
  /** Whether the backup is marked as no longer in its bucket. */
  readonly isVanished: boolean;
  /** The newest proof; null if there is none. */
  readonly proof: EdgeProof | null;
};

/** The part of a record that a listing of its place is compared with. */
export type RecordedBackup = RecordedListing & {
  readonly imagePath: string;
  readonly format: BackupFormat;
  readonly fault: BackupRecord['fault'];
  readonly verifiedAtMs: number;
};

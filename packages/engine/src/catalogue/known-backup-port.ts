import type { BackupFormat } from '@backup-sync/contracts';
import type { EdgeProof, RecordedListing } from '../chain/proof/link.ts';
import type { BackupRecord } from './port.ts';

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

/** What a scan asks the catalogue, many at a time. */
export interface KnownBackups {
  /** What is recorded at these places, in no particular order. */
  knownAtPlaces(place: {
    readonly projectId: string;
    readonly storageUnitId: string;
    readonly bucketName: string;
    readonly imagePaths: readonly string[];
  }): Promise<readonly KnownBackup[]>;
  /**
   * A page of what is recorded and not forgotten below a prefix of image paths and behind one of them, ordered by the
   * UTF-8 bytes of the image path. A page ends with the last backup of a path, so `limit` rows are a rule of thumb.
   */
  recordedBelow(place: {
    readonly projectId: string;
    readonly storageUnitId: string;
    readonly bucketName: string;
    readonly prefix: string;
    readonly after: string;
    readonly limit: number;
  }): Promise<{ readonly backups: readonly RecordedBackup[]; readonly isLast: boolean }>;
  /** What is recorded under these ids, in no particular order. */
  knownByIds(projectId: string, backupIds: readonly string[]): Promise<readonly KnownBackup[]>;
  /** What is recorded of the backups that build on these directly, in no particular order. */
  knownChildren(projectId: string, backupIds: readonly string[]): Promise<readonly KnownBackup[]>;
}

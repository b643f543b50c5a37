import type { EdgeProof } from '../chain/link.ts';
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

/** What a scan asks the catalogue, many at a time. Each answers what there is, in no particular order. */
export interface KnownBackups {
  knownAtPlaces(place: {
    readonly projectId: string;
    readonly storageUnitId: string;
    readonly bucketName: string;
    readonly imagePaths: readonly string[];
  }): Promise<readonly KnownBackup[]>;
  knownByIds(projectId: string, backupIds: readonly string[]): Promise<readonly KnownBackup[]>;
}

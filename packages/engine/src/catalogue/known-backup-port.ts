import type { BackupFormat } from '@backup-sync/contracts';
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

/** Where something is recorded, and in which format. */
export type RecordedPlace = { readonly imagePath: string; readonly format: BackupFormat };

/**
 * What a scan asks the catalogue, many at a time. Each answers what there is, in no particular order, but for
 * `placesBelow`: it pages, by the UTF-8 bytes of the image path, through the places behind `after` whose image path begins
 * with `prefix` and at which something is recorded that is not forgotten. Each place comes once.
 */
export interface KnownBackups {
  knownAtPlaces(place: {
    readonly projectId: string;
    readonly storageUnitId: string;
    readonly bucketName: string;
    readonly imagePaths: readonly string[];
  }): Promise<readonly KnownBackup[]>;
  placesBelow(place: {
    readonly projectId: string;
    readonly storageUnitId: string;
    readonly bucketName: string;
    readonly prefix: string;
    readonly after: string;
    readonly limit: number;
  }): Promise<readonly RecordedPlace[]>;
  knownByIds(projectId: string, backupIds: readonly string[]): Promise<readonly KnownBackup[]>;
}

import type { BackupSync } from '@backup-sync/contracts';
import type { StorageUnit } from '../storage/port.ts';
import type { ChainContext } from './examiner.ts';
import type { Examination } from './link.ts';

/** What is needed to describe a backup that a scan has found. */
export type DescribeContext = {
  readonly storage: StorageUnit;
  readonly bucketName: string;
  readonly signal: AbortSignal;
};

/** What a sync request would say of a backup, as its own metadata has it. */
export type DescribedBackup = {
  readonly backupId: string;
  /** As the writer named it; may be no legal `backup_name`. */
  readonly originalName: string | null;
  readonly resourceId: string;
  readonly resourceName: string;
  readonly resourceType: string;
  /** Seconds since 1970. */
  readonly createdAtS: number;
  readonly parentBackupId: string | null;
};

/** One format of backup chains. */
export interface ChainFormat {
  /**
   * The part of an image path that all links of its chain share, a prefix of keys. Null where the path does not have
   * the shape of this format: then it is not asked further.
   */
  chainRootOf(imagePath: string): string | null;
  /** The image path whose commit mark this key is, for scans; null where it is none of this format. Pure. */
  imagePathOfMark(key: string): string | null;
  /**
   * Reads what a sync request would say of the backup at this image path: its metadata, in bounded memory.
   * Throws `ReadFault` where that is not to be had or makes no sense, and what storage throws.
   */
  describe(context: DescribeContext, imagePath: string): Promise<DescribedBackup>;
  /** Lists the root once. Throws what storage throws. */
  open(context: ChainContext, chainRoot: string): Promise<FormatChain>;
}

/** The links below one root, listed. */
export interface FormatChain {
  /** Null where nothing of this format lies at the item's image path. Throws what storage throws. */
  examine(item: BackupSync): Promise<Examination | null>;
}

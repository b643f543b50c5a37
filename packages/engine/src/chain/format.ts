import type { BackupSync } from '@backup-sync/contracts';
import type { StorageUnit } from '../storage/port.ts';
import type { ChainData } from './data.ts';
import type { FormatContext } from './examiner.ts';
import type { ListingComparison } from './listing-comparison.ts';
import type { Examination } from './proof/link.ts';

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

/** What the name of an object tells a scan. */
export type BackupPart = {
  /** The backup that it is a part of. */
  readonly imagePath: string;
  /** Key of that backup's commit mark, the object written last: this very key, or one beside it in the listing. */
  readonly markKey: string;
};

/** What the name of an object proves of the backup that it belongs to. */
export type KeyOwner = {
  /** Image path of the backup. If several share the object, the pattern of their image paths, with `<name>` in it. */
  readonly imagePath: string;
  /** False for a pattern. */
  readonly isExact: boolean;
};

/** One format of backup chains. */
export interface ChainFormat {
  /**
   * The part of an image path that all links of its chain share, a prefix of keys. Null where the path does not have
   * the shape of this format: then it is not asked further.
   */
  chainRootOf(imagePath: string): string | null;
  /**
   * The backup that has an object of this key, for scans; null where the name alone does not tell one of this format.
   * Keys that tell a backup begin with its image path. Pure.
   */
  partOf(key: string): BackupPart | null;
  /** The id of the backup at this image path, if the path alone tells it. */
  backupIdOf(imagePath: string): string | null;
  /** The prefix of the keys of all objects that the backup at this image path needs, those that it shares included. */
  objectsPrefixOf(imagePath: string): string;
  /** Compares the recorded backups of one such prefix with a listing. */
  compare(objectsPrefix: string): ListingComparison;
  /**
   * The backup that an object of this key belongs to, commit mark or not. Null if other software may use the same name.
   * Pure.
   */
  ownerOf(key: string): KeyOwner | null;
  /**
   * Reads what a sync request would say of the backup at this image path: its metadata, in bounded memory.
   * Throws `ReadFault` where that is not to be had or makes no sense, and what storage throws.
   */
  describe(context: DescribeContext, imagePath: string): Promise<DescribedBackup>;
  /** Lists the root once, or leaves it to the listings that all formats share. Throws what storage throws. */
  open(context: FormatContext, chainRoot: string): Promise<FormatChain>;
}

/** The links below one root, listed. */
export interface FormatChain {
  /** Null where nothing of this format lies at the item's image path. Throws what storage throws. */
  examine(item: BackupSync): Promise<Examination | null>;
  /**
   * What is stored of the backup and its ancestors, for the levels that read it. Null where nothing of this format lies
   * at the item's image path. Throws `ReadFault` where the metadata does not allow it, and what storage throws.
   */
  openData(item: BackupSync): Promise<ChainData | null>;
}

import type { BackupSync } from '@backup-sync/contracts';
import type { BucketContext, ChainContext } from './chain-context.ts';
import type { ChainData } from './data.ts';
import type { ListingComparison } from './listing-comparison.ts';
import type { PathListings } from './path-listings.ts';
import type { EdgeProof, Examination } from './proof/link.ts';

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

/** What a chain is opened with: the context, and what all formats share. */
export type FormatContext = ChainContext & {
  readonly listings: PathListings;
  /** The backup of a known format that an object of this key belongs to; null if the key does not prove one. */
  readonly findOwner: (key: string) => KeyOwner | null;
  /**
   * The image path of a backup of a known format whose metadata names the object at this image path; null if none does.
   * Throws what storage throws of the bucket.
   */
  readonly findNamingBackup: (imagePath: string) => Promise<string | null>;
};

/** A format of backup chains. Its roots are in `formats/chain-root.ts`. */
export interface ChainFormat {
  /** The id of the backup at this image path; null unless the path alone tells it. */
  backupIdOf(imagePath: string): string | null;
  /** The prefix of the keys of all objects that the backup at this image path needs, those that it shares included. */
  objectsPrefixOf(imagePath: string): string;
  /** Compares the recorded backups of one such prefix with a listing. */
  compare(objectsPrefix: string): ListingComparison;
  /** Whether a recorded backup is to be examined again though nothing has changed, since its check may have been wrong. */
  isOutdated(recorded: { readonly checkVersion: string | null; readonly proof: EdgeProof | null }): boolean;
  /** Lists the root once, or leaves it to the listings that all formats share. Throws what storage throws. */
  open(context: FormatContext, chainRoot: string): Promise<ChainExaminer>;
}

/** A format that scans recognise by the names of its objects. */
export interface RecognisedFormat extends ChainFormat {
  /**
   * The backup that has an object of this key, for scans; null if the key alone does not tell one of this format.
   * Keys that tell a backup begin with its image path. Pure.
   */
  partOf(key: string): BackupPart | null;
  /**
   * The backup that an object of this key belongs to, commit mark or not. Null if other software may use the same name.
   * Pure.
   */
  ownerOf(key: string): KeyOwner | null;
  /**
   * The image path of a backup whose metadata names the object at this image path, for formats whose keys prove nothing;
   * null if none does. Throws what storage throws of the bucket.
   */
  findNamingBackup(context: BucketContext, imagePath: string): Promise<string | null>;
  /**
   * Reads what a sync request would say of the backup at this image path: its metadata, in bounded memory.
   * Throws `ReadFault` if that cannot be had or makes no sense, and what storage throws.
   */
  describe(context: BucketContext, imagePath: string): Promise<DescribedBackup>;
}

/** The links below one root. */
export interface ChainExaminer {
  /**
   * Proves the backup with its chain as far as it goes without reading data. Null if nothing is stored at its image path,
   * or nothing of the format asked. Throws `StorageError` if storage is throttled, unreachable or has lost the bucket, and
   * the signal's reason.
   */
  examine(item: BackupSync): Promise<Examination | null>;
  /**
   * What is stored of the backup and its ancestors, for the levels that read it. Null if no format that tells it is stored
   * at the image path. Throws `ReadFault` if the metadata does not allow it, and what {@link ChainExaminer.examine} throws.
   */
  openData(item: BackupSync): Promise<ChainData | null>;
}

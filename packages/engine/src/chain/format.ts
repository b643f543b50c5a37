import type { BackupSync } from '@backup-sync/contracts';
import type { ObjectEntry } from '../storage/port.ts';
import type { TrustedRoots } from '../trusted-roots.ts';
import type { BucketContext, ChainContext } from './chain-context.ts';
import type { ChainData } from './data.ts';
import type { ListingComparison } from './listing-comparison.ts';
import type { PathListings } from './path-listings.ts';
import type { EdgeProof, Examination } from './proof/link.ts';

/** The description of a backup in its own metadata: the fields of a sync request. */
export type DescribedBackup = {
  readonly backupId: string;
  /** The name that the writer gave it; it need not be a legal `backup_name`. */
  readonly originalName: string | null;
  readonly resourceId: string;
  readonly resourceName: string;
  readonly resourceType: string;
  /** Seconds since 1970. */
  readonly createdAtS: number;
  readonly parentBackupId: string | null;
};

/** The backup that an object is part of, as the object's name shows it to a scan. */
export type BackupPart = {
  /** Image path of the backup. */
  readonly imagePath: string;
  /**
   * Key of that backup's commit mark, the object written last: this object's key, or one next to it in the listing. Null
   * if the format has none: the backup is there with the first such object that has content.
   */
  readonly markKey: string | null;
};

/** The backup that an object belongs to, as its key proves. */
export type KeyOwner = {
  /** Image path of the backup. If several share the object, the pattern of their image paths, with `<name>` in it. */
  readonly imagePath: string;
  /** False if `imagePath` is a pattern. */
  readonly isExact: boolean;
  /**
   * Whether the backup consists of files that a backup of an unknown format may contain, such as the disk of a machine.
   * A folder with such a file may then be a backup itself. Absent: no.
   */
  readonly isOfPlainFiles?: boolean;
};

/** The context a chain is opened with, and the tools that all formats share. */
export type FormatContext = ChainContext & {
  readonly listings: PathListings;
  /** Finds the backup of a known format that an object of this key belongs to; null if the key does not prove one. */
  readonly findOwner: (key: string) => KeyOwner | null;
  /**
   * Finds the image path of a backup of a known format whose metadata names the object at this image path; null if none
   * does. Throws storage errors of the bucket.
   */
  readonly findNamingBackup: (imagePath: string) => Promise<string | null>;
  /** Finds the image path of a package that references the object, in the same way. */
  readonly findNamingPackage: (imagePath: string) => Promise<string | null>;
};

/** A format of backup chains. Its roots are in `formats/chain-root.ts`. */
export interface ChainFormat {
  /** The id of the backup at this image path; null unless the path contains it. */
  backupIdOf(imagePath: string): string | null;
  /** The key prefix of all objects that the backup at this image path needs, including those it shares. */
  objectsPrefixOf(imagePath: string): string;
  /** Compares the recorded backups of one such prefix with a listing. */
  compare(objectsPrefix: string): ListingComparison;
  /**
   * Whether an unchanged backup must be examined again, because the check that recorded it may have been wrong, or because
   * other roots are trusted now.
   */
  isOutdated(
    recorded: { readonly checkVersion: string | null; readonly proof: EdgeProof | null },
    trustedRoots: TrustedRoots,
  ): boolean;
  /** Lists the root once, or uses the listings that all formats share. Throws storage errors. */
  open(context: FormatContext, chainRoot: string): Promise<ChainExaminer>;
}

/** A format that scans recognise by the names of its objects. */
export interface RecognisedFormat extends ChainFormat {
  /**
   * The backup that an object of this key is part of, for scans; null if the key alone does not prove one of this
   * format. If it does, the key begins with the backup's image path. Pure.
   */
  partOf(key: string): BackupPart | null;
  /**
   * The backup that an object of this key belongs to, commit mark or not. Null if other software may use the same name.
   * Pure.
   */
  ownerOf(key: string): KeyOwner | null;
  /**
   * Finds the image path of a backup whose metadata names the object at this image path; null if none does. It serves
   * formats whose keys prove nothing. `before` is the image path of one that did before; absent if none is known.
   * Throws storage errors of the bucket.
   */
  findNamingBackup(context: BucketContext, imagePath: string, before?: string): Promise<string | null>;
  /**
   * Reads the metadata of the backup at this image path, in bounded memory, and returns what a sync request would say
   * of it. `mark` is the commit mark, if it was just listed. Throws `ReadFault` if the metadata cannot be read or makes
   * no sense, with `path_not_a_backup` for a file of another backup, and storage errors.
   */
  describe(context: BucketContext, imagePath: string, mark?: ObjectEntry): Promise<DescribedBackup>;
}

/** Examines the links below one root. */
export interface ChainExaminer {
  /**
   * Proves the backup and its chain as far as possible without reading data. Null if nothing, or nothing of this
   * format, is stored at its image path. Throws `StorageError` if storage is throttled, unreachable or has lost the
   * bucket, and the signal's reason.
   */
  examine(item: BackupSync): Promise<Examination | null>;
  /**
   * The stored objects of the backup and its ancestors, for the levels that read data. Null if the image path has no
   * backup in a format with metadata about its objects. Throws `ReadFault` if the metadata does not allow it, and the
   * errors of {@link ChainExaminer.examine}.
   */
  openData(item: BackupSync): Promise<ChainData | null>;
}

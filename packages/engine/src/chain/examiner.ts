import type { BackupSync } from '@backup-sync/contracts';
import type { StorageUnit } from '../storage/port.ts';
import type { Absences } from './absences.ts';
import { chainRootOf } from './chain-root.ts';
import type { ChainData } from './data.ts';
import type { DescribeContext, DescribedBackup, FormatChain } from './format.ts';
import { formats } from './formats/formats.ts';
import { openUnknownChain } from './formats/unknown/unknown-chain.ts';
import { PathListings } from './path-listings.ts';
import type { EdgeProof, Examination, Location, RecordedListing } from './proof/link.ts';
import { ReadFault } from './proof/read-fault.ts';

/** What is needed to examine the links of one chain. */
export type ChainContext = {
  readonly storage: StorageUnit;
  readonly bucketName: string;
  /** The image paths that will be asked for; all of one chain root (see {@link chainRootOf}). */
  readonly imagePaths: readonly string[];
  /** The newest proof of each of these backups, where there is one. */
  readonly findProofs: (backupIds: readonly string[]) => Promise<readonly EdgeProof[]>;
  /** What the listing showed of each of these backups when it was recorded, where it is. */
  readonly findListings: (backupIds: readonly string[]) => Promise<readonly RecordedListing[]>;
  /** Digest of the listing on which this backup was last proved whole at this place; null if it never was. */
  readonly provedListing: (backupId: string, location: Location) => Promise<string | null>;
  /** Where this backup is known to be: its record's place first, then the places that unfinished imports of it name. */
  readonly locate: (backupId: string) => Promise<readonly Location[]>;
  /** The buckets of the project in this storage unit. A parent that is found nowhere else is looked for in them. */
  readonly projectBuckets: () => Promise<readonly string[]>;
  /** What was looked for in other buckets and not found, during this run. */
  readonly absences: Absences;
  /**
   * Bytes that may be read to prove one link: of block hashes, beyond which its proof stops at `inventory`, and of objects
   * whose ETag is not their MD5, beyond which it stops at `metadata`.
   */
  readonly linkageMaxBytes: number;
  /** False: proofs stop where they would read block hashes or data, and say which. For plans. */
  readonly readHashes: boolean;
  /** True: all data is read after the examination, so an ETag that is not the MD5 is left to that. */
  readonly dataFollows: boolean;
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
};

/** What the formats work with: the context, and the listings of image paths that they share. */
export type FormatContext = ChainContext & { readonly listings: PathListings };

export interface ChainExaminer {
  /**
   * Proves the backup with its chain as far as it goes without reading data. Null: nothing lies at its image path.
   * Throws `StorageError` where storage is throttled, unreachable or has lost the bucket, and the signal's reason.
   */
  examine(item: BackupSync): Promise<Examination | null>;
  /**
   * What is stored of the backup and its ancestors. Null where no format that tells it lies at the image path.
   * Throws `ReadFault` where the metadata does not allow it, and what {@link ChainExaminer.examine} throws.
   */
  openData(item: BackupSync): Promise<ChainData | null>;
}

/**
 * What the metadata at an image path says of its backup; null where no format has any there. Throws `ReadFault` where
 * it is there and makes no sense, and what storage throws.
 */
export async function describeBackup(context: DescribeContext, imagePath: string): Promise<DescribedBackup | null> {
  for (const format of formats) {
    if (format.chainRootOf(imagePath) === null) continue;
    try {
      return await format.describe(context, imagePath);
    } catch (error) {
      if (!(error instanceof ReadFault) || !error.looksMissing) throw error;
    }
  }
  return null;
}

/** Lists the chain once. Throws what storage throws. */
export async function openChain(given: ChainContext): Promise<ChainExaminer> {
  const context: FormatContext = { ...given, listings: new PathListings(given) };
  // Where a format has a root of its own, that listing is taken and looked at first.
  for (const imagePath of context.imagePaths) {
    if (chainRootOf(imagePath) === imagePath) await context.listings.at(context.bucketName, imagePath);
  }
  const chains: FormatChain[] = [];
  for (const format of formats) {
    const shaped = context.imagePaths.find((imagePath) => format.chainRootOf(imagePath) !== null);
    const root = shaped === undefined ? null : format.chainRootOf(shaped);
    if (root !== null) chains.push(await format.open(context, root));
  }
  chains.push(openUnknownChain(context));
  return {
    async examine(item) {
      for (const chain of chains) {
        const examination = await chain.examine(item);
        if (examination !== null) return examination;
      }
      return null;
    },
    async openData(item) {
      for (const chain of chains) {
        const data = await chain.openData(item);
        if (data !== null) return data;
      }
      return null;
    },
  };
}

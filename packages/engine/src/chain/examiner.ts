import type { BackupSync } from '@backup-sync/contracts';
import type { StorageUnit } from '../storage/port.ts';
import { cinderFormat } from './cinder/cinder-format.ts';
import { ReadFault } from './cinder/read-fault.ts';
import type { ChainFormat, DescribeContext, DescribedBackup, FormatChain } from './format.ts';
import type { EdgeProof, Examination, Location } from './link.ts';
import { openUnknownChain } from './unknown/unknown-chain.ts';

/** What is needed to examine the links of one chain. */
export type ChainContext = {
  readonly storage: StorageUnit;
  readonly bucketName: string;
  /** The image paths that will be asked for; all of one chain root (see {@link chainRootOf}). */
  readonly imagePaths: readonly string[];
  /** The newest proof of each of these backups, where there is one. */
  readonly findProofs: (backupIds: readonly string[]) => Promise<readonly EdgeProof[]>;
  /** Where the catalogue knows this backup to lie, for parents that are not in the same folder. */
  readonly locate: (backupId: string) => Promise<Location | null>;
  /** Bytes of block hashes that may be read to prove one link: beyond them its proof stops at `inventory`. */
  readonly linkageMaxBytes: number;
  /** False: proofs stop where they would read block hashes, and say which. For plans. */
  readonly readHashes: boolean;
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
};

export interface ChainExaminer {
  /**
   * Proves the backup with its chain as far as it goes without reading data. Null: nothing lies at its image path.
   * Throws `StorageError` where storage is throttled, unreachable or has lost the bucket, and the signal's reason.
   */
  examine(item: BackupSync): Promise<Examination | null>;
}

/** The formats that are recognised, each by the shape of the path and by what lies there. */
const formats: readonly ChainFormat[] = [cinderFormat];

/**
 * The part of an image path that all links of its chain share, as far as the path tells: links with the same root
 * are examined together, from one listing.
 */
export function chainRootOf(imagePath: string): string {
  for (const format of formats) {
    const root = format.chainRootOf(imagePath);
    if (root !== null) return root;
  }
  return imagePath;
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
export async function openChain(context: ChainContext): Promise<ChainExaminer> {
  const chains: FormatChain[] = [];
  for (const format of formats) {
    const shaped = context.imagePaths.find((imagePath) => format.chainRootOf(imagePath) !== null);
    const root = shaped === undefined ? null : format.chainRootOf(shaped);
    if (root !== null) chains.push(await format.open(context, root));
  }
  const unknown = openUnknownChain(context);
  // Where a format has claimed the root, its listing has been taken, and is looked at first.
  if (chains.length === 0) await unknown.prepare();
  return {
    async examine(item) {
      for (const chain of chains) {
        const examination = await chain.examine(item);
        if (examination !== null) return examination;
      }
      return await unknown.examine(item);
    },
  };
}

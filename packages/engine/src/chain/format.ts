import type { BackupSync } from '@backup-sync/contracts';
import type { ChainData } from './data.ts';
import type { ChainContext } from './examiner.ts';
import type { Examination } from './link.ts';

/** One format of backup chains. */
export interface ChainFormat {
  /**
   * The part of an image path that all links of its chain share, a prefix of keys. Null where the path does not have
   * the shape of this format: then it is not asked further.
   */
  chainRootOf(imagePath: string): string | null;
  /** Lists the root once. Throws what storage throws. */
  open(context: ChainContext, chainRoot: string): Promise<FormatChain>;
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

import type { BackupFormat } from '@backup-sync/contracts';
import type { ChainFormat } from './format.ts';
import { markedFormats } from './formats/marks.ts';
import { isAtOrBelow, PathComparison } from './listing-comparison.ts';

/** How what is recorded in a format is compared with a listing. */
export type RecordedFormat = Pick<ChainFormat, 'backupIdOf' | 'objectsPrefixOf' | 'compare'>;

const unknown: RecordedFormat = {
  backupIdOf: () => null,
  objectsPrefixOf: (imagePath) => imagePath,
  compare: (imagePath) => new PathComparison(imagePath, isAtOrBelow),
};

export const recordedFormats: Readonly<Record<BackupFormat, RecordedFormat>> = { ...markedFormats, unknown };

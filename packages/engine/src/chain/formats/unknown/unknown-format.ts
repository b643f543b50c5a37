import type { ChainFormat } from '../../format.ts';
import { isAtOrBelow, PathComparison } from '../../listing-comparison.ts';
import { checkVersion, openUnknownChain } from './unknown-chain.ts';

/** Backups in no known format: whatever is stored at an image path and below it. */
export const unknownFormat: ChainFormat = {
  backupIdOf() {
    return null;
  },

  objectsPrefixOf(imagePath) {
    return imagePath;
  },

  compare(imagePath) {
    return new PathComparison(imagePath, isAtOrBelow);
  },

  isOutdated(recorded) {
    return recorded.checkVersion !== checkVersion;
  },

  async open(context) {
    return openUnknownChain(context);
  },
};

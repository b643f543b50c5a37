import type { ChainFormat } from '../../format.ts';
import { isAtOrBelow, PathComparison } from '../../listing-comparison.ts';
import { WalkedChain } from '../../proof/walked-chain.ts';
import { UnknownProver, unknownCheck } from './unknown-prover.ts';

/** Backups in no known format: all objects at an image path and below it. */
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
    return recorded.checkVersion !== unknownCheck.version;
  },

  async open(context) {
    // There is no reader, because the meaning of the bytes is unknown.
    return new WalkedChain(context, new UnknownProver(context), null);
  },
};

import type { BucketContext, ChainContext } from './chain-context.ts';
import type { ChainExaminer, DescribedBackup, FormatContext } from './format.ts';
import { chainRootOf, chainRoots } from './formats/chain-root.ts';
import { findNamingBackup, findOwner, formatNames, formats, knownFormatNames } from './formats/formats.ts';
import { PathListings } from './path-listings.ts';
import { ReadFault } from './proof/read-fault.ts';

/**
 * Reads the description of a backup from the metadata at its image path; null if no format has metadata there. Throws
 * `ReadFault` if the metadata is there but makes no sense, and storage errors.
 */
export async function describeBackup(context: BucketContext, imagePath: string): Promise<DescribedBackup | null> {
  for (const name of knownFormatNames) {
    if (chainRoots[name](imagePath) === null) continue;
    try {
      return await formats[name].describe(context, imagePath);
    } catch (error) {
      if (!(error instanceof ReadFault) || !error.looksMissing) throw error;
    }
  }
  return null;
}

/** Finds the image path of a package that references the object at this image path; null if none does. Throws storage errors. */
export function findNamingPackage(context: BucketContext, imagePath: string, before?: string): Promise<string | null> {
  return formats.ovf.findNamingBackup(context, imagePath, before);
}

/** Opens the formats that may have a chain at these image paths; each lists it once. Throws storage errors. */
export async function openChain(given: ChainContext): Promise<ChainExaminer> {
  const context: FormatContext = {
    ...given,
    listings: new PathListings(given),
    findOwner,
    findNamingBackup: (imagePath) => findNamingBackup(given, imagePath),
    findNamingPackage: (imagePath) => findNamingPackage(given, imagePath),
  };
  // If a format has a separate root, that listing is taken and examined first.
  for (const imagePath of context.imagePaths) {
    if (chainRootOf(imagePath) === imagePath) await context.listings.at(context.bucketName, imagePath);
  }
  const chains: ChainExaminer[] = [];
  for (const name of formatNames) {
    const [root] = context.imagePaths.map(chainRoots[name]).filter((each) => each !== null);
    if (root !== undefined) chains.push(await formats[name].open(context, root));
  }
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

import pLimit from 'p-limit';
import type { BucketContext } from '../chain/chain-context.ts';
import { findNamingPackage } from '../chain/examiner.ts';
import { formats } from '../chain/formats/formats.ts';
import { mayBeFileOfAnother } from '../chain/place-id.ts';
import { StorageError } from '../storage/port.ts';
import type { Candidate } from './find-candidates.ts';

/** Files that are looked for in the metadata of other backups at once. */
const atOnce = 16;

/**
 * Finds the candidates that are files of other backups: extents of disks, and disks that a package references. Costs
 * nothing for formats whose backups are never such files. `packageAt` has the packages that some of them were part of, by
 * image path. If storage does not answer, a candidate counts as a backup of its own. Its import then asks again.
 */
export async function findNamedFiles(
  context: BucketContext,
  candidates: readonly Candidate[],
  packageAt: ReadonlyMap<string, string> = new Map(),
): Promise<ReadonlySet<Candidate>> {
  const isNamed = async (candidate: Candidate): Promise<boolean> => {
    const { imagePath, kind } = candidate;
    if (kind !== 'committed' || !mayBeFileOfAnother(candidate.format)) return false;
    try {
      const naming = await formats[candidate.format].findNamingBackup(context, imagePath);
      return (naming ?? (await findNamingPackage(context, imagePath, packageAt.get(imagePath)))) !== null;
    } catch (error) {
      if (error instanceof StorageError) return false;
      throw error;
    }
  };
  const answers = await pLimit(atOnce).map(candidates, isNamed);
  return new Set(candidates.filter((_, index) => answers[index] === true));
}

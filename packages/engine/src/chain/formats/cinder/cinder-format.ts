import type { ChainContext } from '../../chain-context.ts';
import type { ChainExaminer, RecognisedFormat } from '../../format.ts';
import { PathComparison } from '../../listing-comparison.ts';
import { isSuperseded } from '../../proof/check-version.ts';
import { WalkedChain } from '../../proof/walked-chain.ts';
import { CinderProver } from './cinder-prover.ts';
import { CinderReader } from './cinder-reader.ts';
import { describeCinderBackup } from './describe.ts';
import { HashLists } from './hash-lists.ts';
import {
  type CinderKey,
  cinderPathsIn,
  hashFileSuffix,
  metadataSuffix,
  objectNumberOf,
  parseCinderImagePath,
  parseCinderKey,
} from './image-path.ts';
import { cinderCheck } from './link-proof.ts';
import { VolumeFolders } from './volume-folders.ts';

/**
 * Chunked backups 1.0.0 of Cinder, in the layouts of its S3, Swift and GCS drivers and its posix, NFS and GlusterFS
 * drivers.
 */
export const cinderFormat: RecognisedFormat = {
  backupIdOf(imagePath) {
    return parseCinderImagePath(imagePath)?.backupId ?? null;
  },

  objectsPrefixOf(imagePath) {
    return imagePath;
  },

  isOutdated({ proof }) {
    return proof !== null && isSuperseded(cinderCheck, proof);
  },

  /** Takes every key that begins with the path as part of the backup, because a restore by Cinder does. */
  compare(imagePath) {
    let hasBegun = false;
    return new PathComparison(imagePath, (relativeKey) => {
      hasBegun ||= cinderPathsIn(`${imagePath}${relativeKey}`, 0).some((path) => path.imagePath === imagePath);
      return hasBegun;
    });
  },

  partOf(key) {
    const parsed = parseCinderKey(key);
    if (parsed === null || !isPart(parsed)) return null;
    return { imagePath: parsed.imagePath, markKey: `${parsed.imagePath}${metadataSuffix}` };
  },

  /** Other software has objects called `backup` too, so the early layout is recognised only with a suffix. */
  ownerOf(key) {
    const parsed = parseCinderKey(key);
    if (parsed === null || (parsed.volumeId === null && !isPart(parsed))) return null;
    return { imagePath: parsed.imagePath, isExact: true };
  },

  /** The keys alone prove the owner. */
  async findNamingBackup() {
    return null;
  },

  describe: describeCinderBackup,

  async open(context, chainRoot) {
    const folders = new VolumeFolders(context);
    await folders.open(context.bucketName, chainRoot, context.imagePaths);
    return openCinderChain(context, folders);
  },
};

function isPart({ suffix }: CinderKey): boolean {
  return suffix === metadataSuffix || suffix === hashFileSuffix || objectNumberOf(suffix) !== null;
}

/** Opens the chains in a volume's folders. */
export function openCinderChain(context: ChainContext, folders: VolumeFolders): ChainExaminer {
  const tools = { context, folders, hashLists: new HashLists(context) };
  return new WalkedChain(context, new CinderProver(tools), new CinderReader(tools));
}

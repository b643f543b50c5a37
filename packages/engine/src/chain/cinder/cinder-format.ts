import type { ChainFormat } from '../format.ts';
import { CinderChain } from './cinder-chain.ts';
import { describeCinderBackup } from './describe.ts';
import { HashLists } from './hash-lists.ts';
import { hashFileSuffix, metadataSuffix, objectNumberOf, parseCinderImagePath, parseCinderKey } from './image-path.ts';
import { VolumeFolders } from './volume-folders.ts';

/** Cinder's chunked backups 1.0.0, in the layouts of its S3, Swift and GCS drivers and of its posix, NFS and GlusterFS drivers. */
export const cinderFormat: ChainFormat = {
  chainRootOf(imagePath) {
    return parseCinderImagePath(imagePath)?.folder ?? null;
  },

  partOf(key) {
    const parsed = parseCinderKey(key);
    if (parsed === null) return null;
    const { imagePath, suffix } = parsed;
    const isPart = suffix === metadataSuffix || suffix === hashFileSuffix || objectNumberOf(suffix) !== null;
    return isPart ? { imagePath, markKey: `${imagePath}${metadataSuffix}` } : null;
  },

  describe: describeCinderBackup,

  async open(context, chainRoot) {
    const folders = new VolumeFolders(context);
    await folders.open(context.bucketName, chainRoot, context.imagePaths);
    return new CinderChain({ context, folders, hashLists: new HashLists(context) });
  },
};

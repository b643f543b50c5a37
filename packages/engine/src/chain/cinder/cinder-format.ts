import type { ChainFormat } from '../format.ts';
import { CinderChain } from './cinder-chain.ts';
import { describeCinderBackup } from './describe.ts';
import { HashLists } from './hash-lists.ts';
import { metadataSuffix, parseCinderImagePath, parseCinderKey, volumeFolderOf } from './image-path.ts';
import { VolumeFolders } from './volume-folders.ts';

/** Cinder's chunked backups 1.0.0, in the layout of its S3, Swift and GCS drivers. */
export const cinderFormat: ChainFormat = {
  chainRootOf(imagePath) {
    const key = parseCinderImagePath(imagePath);
    return key === null ? null : volumeFolderOf(key.volumeId);
  },

  imagePathOfMark(key) {
    const parsed = parseCinderKey(key);
    return parsed?.suffix === metadataSuffix ? parsed.imagePath : null;
  },

  describe: describeCinderBackup,

  async open(context, chainRoot) {
    const folders = new VolumeFolders(context);
    await folders.open(context.bucketName, chainRoot);
    return new CinderChain({ context, folders, hashLists: new HashLists(context) });
  },
};

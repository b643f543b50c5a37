import type { RecognisedFormat } from '../../format.ts';
import { PathComparison } from '../../listing-comparison.ts';
import { idOfPlace } from '../../place-id.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import { WalkedChain } from '../../proof/walked-chain.ts';
import { idOfImage } from './qcow2-link.ts';
import { parseQcow2Path, shortNameOf } from './qcow2-path.ts';
import { Qcow2Prover } from './qcow2-prover.ts';
import { Qcow2Reader } from './qcow2-reader.ts';
import { seenImagesOf } from './seen-images.ts';

/** The type of a disk in records. The format itself has no such name. */
const resourceType = 'QEMU::Disk';

/** Disk images of QEMU. The image path is the key of the one object of an image. */
export const qcow2Format: RecognisedFormat = {
  /** The path alone is not the id: the bucket belongs to it. */
  backupIdOf() {
    return null;
  },

  objectsPrefixOf(imagePath) {
    return imagePath;
  },

  /** A backing file that was missing may be back. A scan records only images, so nothing else says so. */
  isOutdated({ proof }) {
    return proof?.fault?.code === 'parent_missing';
  },

  compare(imagePath) {
    return new PathComparison(imagePath, (relativeKey) => relativeKey === '');
  },

  partOf(key) {
    return parseQcow2Path(key) === null ? null : { imagePath: key, markKey: key };
  },

  ownerOf(key) {
    return parseQcow2Path(key) === null ? null : { imagePath: key, isExact: true, isOfPlainFiles: true };
  },

  /** The keys alone prove the owner. */
  async findNamingBackup() {
    return null;
  },

  async describe(context, imagePath, mark) {
    const { bucketName } = context;
    const parsed = parseQcow2Path(imagePath);
    if (parsed === null) throw new ReadFault({ code: 'metadata_unreadable', detail: imagePath }, false);
    const seen = seenImagesOf(context);
    const entry = await seen.entryOf(imagePath, mark ?? null);
    const image = await seen.open(entry, null);
    const backing = await seen.backingFileOf(imagePath, image);
    const root = await seen.rootOf(imagePath, image);
    return {
      backupId: idOfImage(bucketName, imagePath, null),
      originalName: parsed.name,
      // All links of a chain are of the disk at its bottom.
      resourceId: idOfPlace(shortNameOf(root), `${bucketName}/${root}`),
      resourceName: shortNameOf(root),
      resourceType,
      createdAtS: Math.floor(entry.modifiedAtMs / 1000),
      parentBackupId: backing === null ? null : idOfImage(bucketName, backing.key, backing.format),
    };
  },

  async open(context) {
    return new WalkedChain(context, new Qcow2Prover(context), new Qcow2Reader(context));
  },
};

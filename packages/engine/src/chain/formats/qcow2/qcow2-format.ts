import { type ObjectEntry, StorageError } from '../../../storage/port.ts';
import type { BucketContext } from '../../chain-context.ts';
import type { RecognisedFormat } from '../../format.ts';
import { PathComparison } from '../../listing-comparison.ts';
import { idOfPlace } from '../../place-id.ts';
import { ReadFault, withReadFaults } from '../../proof/read-fault.ts';
import { WalkedChain } from '../../proof/walked-chain.ts';
import { findFirst, type OpenedImage, openImage, parentKeysOf, rootOf } from './qcow2-image.ts';
import { idOfImage } from './qcow2-link.ts';
import { parseQcow2Path, shortNameOf } from './qcow2-path.ts';
import { Qcow2Prover } from './qcow2-prover.ts';
import { Qcow2Reader } from './qcow2-reader.ts';

/** A scan does not ask whether an image is still being written. */
const atNoTime = () => Number.POSITIVE_INFINITY;

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
    return parseQcow2Path(key) === null ? null : { imagePath: key, isExact: true };
  },

  /** A package may reference an image. */
  mayBeNamed: true,

  /** The keys alone prove the owner. */
  async findNamingBackup() {
    return null;
  },

  async describe(context, imagePath) {
    const { bucketName } = context;
    const parsed = parseQcow2Path(imagePath);
    if (parsed === null) throw new ReadFault({ code: 'metadata_unreadable', detail: imagePath }, false);
    const entry = await withReadFaults(imagePath, () => headOf(context, imagePath));
    const image = await openImage({ ...context, nowMs: atNoTime }, entry, null);
    const find = (key: string) => findObject(context, key);
    const root = await rootOf({ ...context, nowMs: atNoTime }, { key: imagePath, image }, find);
    return {
      backupId: idOfImage(bucketName, imagePath, null),
      originalName: parsed.name,
      // All links of a chain are of the disk at its bottom.
      resourceId: idOfPlace(shortNameOf(root), `${bucketName}/${root}`),
      resourceName: shortNameOf(root),
      resourceType,
      createdAtS: Math.floor(entry.modifiedAtMs / 1000),
      parentBackupId: await parentIdOf(context, imagePath, image),
    };
  },

  async open(context) {
    return new WalkedChain(context, new Qcow2Prover(context), new Qcow2Reader(context));
  },
};

async function parentIdOf(context: BucketContext, imagePath: string, image: OpenedImage): Promise<string | null> {
  const keys = parentKeysOf(imagePath, image) ?? [];
  const found = await findFirst(keys, (key) => findObject(context, key));
  const key = found?.key ?? keys[0];
  const backingFormat = image.kind === 'qcow2' ? image.header.backingFormat : null;
  return key === undefined ? null : idOfImage(context.bucketName, key, backingFormat);
}

async function headOf({ storage, bucketName: bucket, signal }: BucketContext, key: string): Promise<ObjectEntry> {
  return { key, archived: false, ...(await storage.head({ bucket, key, signal })) };
}

/** Null if there is no object of this key. */
async function findObject(context: BucketContext, key: string): Promise<ObjectEntry | null> {
  try {
    return await headOf(context, key);
  } catch (error) {
    if (error instanceof StorageError && error.code === 'object_not_found') return null;
    throw error;
  }
}

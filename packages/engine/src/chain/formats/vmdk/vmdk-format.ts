import type { ObjectEntry } from '../../../storage/port.ts';
import type { BucketContext } from '../../chain-context.ts';
import type { RecognisedFormat } from '../../format.ts';
import { idOfPlace } from '../../place-id.ts';
import { ReadFault, withReadFaults } from '../../proof/read-fault.ts';
import { WalkedChain } from '../../proof/walked-chain.ts';
import type { VmdkDescriptor } from '../../vmdk/descriptor.ts';
import { readVmdkImage } from '../../vmdk/vmdk-image.ts';
import { findDiskOfPart, hasDescriptor } from './disk-of-part.ts';
import { findDiskWithExtent } from './named-extents.ts';
import { idOfVmdk, otherObjectsOf, parentKeysOf, VmdkChain } from './vmdk-chain.ts';
import { VmdkComparison } from './vmdk-comparison.ts';
import { baseNameOf, diskOfPart, parseVmdkPath, rootOfVmdk, type VmdkPath } from './vmdk-path.ts';
import { VmdkProver } from './vmdk-prover.ts';
import { VmdkReader } from './vmdk-reader.ts';

/** The type of a disk in records. VMware itself has no such name. */
const resourceType = 'VMware::Disk';
/** Maximum number of parents that are read to find the resource. */
const parentsMax = 64;

/** VMDK disks. The image path of a disk is the key of its descriptor, or of its only file. */
export const vmdkFormat: RecognisedFormat = {
  /** The path alone is not the id: the bucket belongs to it. */
  backupIdOf() {
    return null;
  },

  objectsPrefixOf(imagePath) {
    return imagePath;
  },

  /** Extents with names of their own, and other places of a parent, are not in the listing that a run compares. */
  isOutdated({ proof }) {
    return proof !== null && otherObjectsOf(proof).length > 0;
  },

  compare(imagePath) {
    return new VmdkComparison(imagePath);
  },

  partOf(key) {
    return parseVmdkPath(key) === null ? null : { imagePath: key, markKey: key };
  },

  ownerOf(key) {
    const imagePath = diskOfPart(key) ?? (parseVmdkPath(key) === null ? null : key);
    return imagePath === null ? null : { imagePath, isExact: true, isOfPlainFiles: true };
  },

  findNamingBackup: findDiskOfPart,

  async describe(context, imagePath) {
    const { bucketName } = context;
    const { entry, descriptor } = await readOwnDisk(context, imagePath);
    const parentPath = await parentPathOf(context, imagePath, descriptor);
    const root = await rootOf(context, imagePath, parentPath);
    const resourceName = baseNameOf(root);
    return {
      backupId: idOfVmdk(bucketName, imagePath),
      originalName: pathOf(imagePath).name,
      resourceId: idOfPlace(resourceName, `${bucketName}/${root.folder}${resourceName}`),
      resourceName,
      resourceType,
      createdAtS: Math.floor(entry.modifiedAtMs / 1000),
      parentBackupId: parentPath === null ? null : idOfVmdk(bucketName, parentPath),
    };
  },

  async open(context) {
    const chain = new VmdkChain(context);
    return new WalkedChain(context, new VmdkProver(chain), new VmdkReader(chain));
  },
};

/**
 * Reads a disk. Throws for a file that cannot be read as one `path_not_a_backup` if a descriptor next to it names it, and
 * `incomplete` if only its name shows that it is an extent: descriptors are often stored last.
 */
async function readOwnDisk(context: BucketContext, imagePath: string) {
  try {
    const disk = diskOfPart(imagePath);
    if (disk !== null && !(await hasDescriptor(context, imagePath))) {
      const detail = `${context.bucketName}/${imagePath} is part of a disk whose descriptor ${disk} is not there`;
      throw new ReadFault({ code: 'incomplete', detail }, false);
    }
    return await readDisk(context, imagePath);
  } catch (error) {
    const mayBeExtent =
      error instanceof ReadFault && (error.fault.code === 'metadata_unreadable' || error.fault.code === 'incomplete');
    const disk = mayBeExtent ? await findDiskWithExtent(context, imagePath) : null;
    if (disk === null) throw error;
    throw new ReadFault({ code: 'path_not_a_backup', detail: `${imagePath} is part of ${disk}` }, false);
  }
}

async function readDisk(context: BucketContext, key: string) {
  const { storage, bucketName: bucket, signal } = context;
  const head = await withReadFaults(key, () => storage.head({ bucket, key, signal }));
  const entry: ObjectEntry = { key, ...head, archived: false };
  if (entry.size === 0) throw new ReadFault({ code: 'incomplete', detail: `${key} is empty` }, false);
  const source = { entry, start: 0, bytes: entry.size };
  // Whether the disk is young enough to be unfinished is judged by those who ask for the description.
  const { descriptor } = await readVmdkImage({ ...context, nowMs: () => Number.POSITIVE_INFINITY }, source);
  return { entry, descriptor };
}

/**
 * The first disk of a chain. It is read only if a disk and its parent are in different folders, or if their names differ
 * by more than the number of a snapshot. A parent that cannot be read ends the search.
 */
async function rootOf(context: BucketContext, imagePath: string, parentPath: string | null): Promise<VmdkPath> {
  let [path, parent] = [imagePath, parentPath];
  for (let count = 0; count < parentsMax && parent !== null && parseVmdkPath(parent) !== null; count += 1) {
    if (rootOfVmdk(parent) === rootOfVmdk(path)) break;
    path = parent;
    try {
      parent = await parentPathOf(context, path, (await readDisk(context, path)).descriptor);
    } catch (error) {
      if (error instanceof ReadFault) break;
      throw error;
    }
  }
  return pathOf(path);
}

/** The key of the parent; null for a full disk. Costs a HEAD if it may be at several places, and another for the next. */
async function parentPathOf(
  { storage, bucketName: bucket, signal }: BucketContext,
  imagePath: string,
  descriptor: VmdkDescriptor,
): Promise<string | null> {
  const keys = parentKeysOf(imagePath, descriptor);
  for (const key of keys.length > 1 ? keys : []) {
    try {
      await withReadFaults(key, () => storage.head({ bucket, key, signal }));
      return key;
    } catch (error) {
      if (!(error instanceof ReadFault)) throw error;
    }
  }
  return keys[0] ?? null;
}

function pathOf(imagePath: string) {
  const path = parseVmdkPath(imagePath);
  if (path === null) throw new ReadFault({ code: 'path_not_a_backup', detail: imagePath }, false);
  return path;
}

import { LRUCache } from 'lru-cache';
import type { BucketContext } from '../../chain-context.ts';
import { ReadFault, withReadFaults } from '../../proof/read-fault.ts';
import { beginsWithDescriptor } from '../../vmdk/vmdk-image.ts';
import { diskOfPart } from './vmdk-path.ts';

/** Disks that are remembered. The files of a disk are asked for one after the other. */
const disksMax = 64;

/** Whether the disks are there, by key, for as long as their context is in use. */
const known = new WeakMap<BucketContext, LRUCache<string, Promise<boolean>>>();

/**
 * Finds the image path of the disk that a file belongs to by its name; null if no such disk is there. Costs a HEAD once
 * for all files of a disk. Throws storage errors of the bucket.
 */
export async function findDiskOfPart(context: BucketContext, key: string): Promise<string | null> {
  const disk = diskOfPart(key);
  return disk !== null && (await isThere(context, disk)) ? disk : null;
}

/**
 * Whether a file is a disk or the descriptor of one, whatever its name. Costs a HEAD and a GET. Throws `ReadFault`, and
 * storage errors of the bucket.
 */
export async function hasDescriptor(context: BucketContext, key: string): Promise<boolean> {
  const entry = { key, archived: false, ...(await headOf(context, key)) };
  return await beginsWithDescriptor(context, { entry, start: 0, bytes: entry.size });
}

function isThere(context: BucketContext, key: string): Promise<boolean> {
  const disks = known.get(context) ?? new LRUCache({ max: disksMax });
  known.set(context, disks);
  const answer = disks.get(key) ?? hasObject(context, key);
  disks.set(key, answer);
  answer.catch(() => disks.delete(key));
  return answer;
}

async function hasObject(context: BucketContext, key: string): Promise<boolean> {
  try {
    await headOf(context, key);
    return true;
  } catch (error) {
    // One that may not be read is there.
    if (error instanceof ReadFault) return !error.looksMissing;
    throw error;
  }
}

function headOf({ storage, bucketName: bucket, signal }: BucketContext, key: string) {
  return withReadFaults(key, () => storage.head({ bucket, key, signal }));
}

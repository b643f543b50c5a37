import type { BigIntStats, Stats } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { foundInOtherForm, otherForms } from '../../unicode-form.ts';
import { describeBucket, describeObject, refuseUnsafeBucket } from '../names.ts';
import { StorageError } from '../port.ts';
import { type BytePath, toBytes, toText } from './byte-path.ts';
import { isAbsence, toStorageError } from './filesystem-error.ts';
import { type OpenDirectory, openDirectoryInPlace, statInPlace } from './open-in-place.ts';

/** The directory whose subdirectories are buckets. */
export type RootDirectory = {
  /** Absolute. */
  readonly path: string;
  /** The same with all links resolved, when it was opened. It may lead elsewhere by now. */
  readonly firstPath: BytePath;
  /** The device it was on when it was opened. */
  readonly device: number;
};

/** Names the directory of buckets in messages to callers. Only the error on opening shows its path. */
const describedRoot = 'the directory of buckets';

/** Opens the directory of buckets. Throws `unreachable` if it is missing, `access_denied` if it cannot be entered. */
export async function openRoot(path: string): Promise<RootDirectory> {
  const subject = `the directory ${JSON.stringify(path)}`;
  const found = await statRoot(path, subject);
  if (!found.isDirectory()) {
    throw new StorageError('unreachable', `${JSON.stringify(path)} is not a directory`);
  }
  try {
    return { path, firstPath: await realpath(path, 'latin1'), device: found.dev };
  } catch (error) {
    throw toStorageError(error, subject);
  }
}

/** Lists the names of the buckets in a directory, sorted. Throws as {@link openRoot} does. */
export async function listBucketDirectories(path: string): Promise<string[]> {
  await openRoot(path);
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  } catch (error) {
    throw toStorageError(error, `the directory ${JSON.stringify(path)}`);
  }
}

/** A directory that is a bucket, with all links on its path resolved. */
export class BucketDirectory {
  readonly path: BytePath;
  readonly #root: RootDirectory;
  readonly #bucket: string;
  readonly #found: Stats;

  private constructor(root: RootDirectory, bucket: string, path: BytePath, found: Stats) {
    this.#root = root;
    this.#bucket = bucket;
    this.path = path;
    this.#found = found;
  }

  /**
   * Opens a bucket. It must be a directory, not a link: a link would give a bucket a second name, or turn a directory
   * elsewhere into a bucket.
   *
   * Throws `bucket_not_found` if there is no such directory, `access_denied` if it may not be read or its name is
   * unsafe, and `unreachable` if the directory of buckets is gone.
   */
  static async open(root: RootDirectory, bucket: string): Promise<BucketDirectory> {
    refuseUnsafeBucket(bucket);
    const found = await statBucket(root, bucket);
    try {
      return new BucketDirectory(root, bucket, await realpath(join(root.path, bucket), 'latin1'), found);
    } catch (error) {
      throw toStorageError(error, describeBucket(bucket));
    }
  }

  /** Resolves the links of a path, and says whether it leads into the bucket. Null if it leads nowhere. */
  async resolve(path: BytePath): Promise<{ readonly path: BytePath; readonly inside: boolean } | null> {
    try {
      const real = await realpath(toBytes(path), 'latin1');
      return { path: real, inside: real === this.path || real.startsWith(`${this.path}/`) };
    } catch (error) {
      if (isAbsence(error)) return null;
      throw error;
    }
  }

  /** Opens a directory of the bucket by a path without links; see {@link openDirectoryInPlace}. */
  openDirectory(path: BytePath): Promise<OpenDirectory | null> {
    return openDirectoryInPlace(path, this.#describe(path));
  }

  /** Describes the file or directory at a path of the bucket that has no links; see {@link statInPlace}. */
  stat(path: BytePath): Promise<BigIntStats | null> {
    return statInPlace(path, this.#describe(path));
  }

  /**
   * Throws unless the bucket is still the directory that was opened. Only then is an object that was not found absent:
   * when a mount goes away, all its objects disappear.
   */
  async confirm(): Promise<void> {
    const now = await statBucket(this.#root, this.#bucket);
    if (now.dev === this.#found.dev && now.ino === this.#found.ino) return;
    throw new StorageError(
      'unreachable',
      `${describeBucket(this.#bucket)} was replaced or unmounted while it was read`,
    );
  }

  /** Names an object for messages, without the path of the bucket itself. */
  #describe(path: BytePath): string {
    return describeObject(this.#bucket, toText(path.slice(this.path.length + 1)));
  }
}

async function statBucket(root: RootDirectory, bucket: string): Promise<Stats> {
  let found: Stats;
  try {
    found = await lstat(join(root.path, bucket));
  } catch (error) {
    if (!isAbsence(error)) throw toStorageError(error, describeBucket(bucket));
    if ((await statRoot(root.path, describedRoot)).dev !== root.device) {
      // A mount that is gone leaves its mount point behind: an empty directory on the device below.
      throw new StorageError(
        'unreachable',
        `${describedRoot} is on another device than before; check that it is mounted`,
      );
    }
    const remark = await otherFormRemark(root, bucket);
    throw new StorageError('bucket_not_found', `${describeBucket(bucket)} is not in ${describedRoot}${remark}`);
  }
  if (found.isDirectory()) return found;
  const kind = found.isSymbolicLink() ? 'a link' : 'not a directory';
  throw new StorageError('bucket_not_found', `${describeBucket(bucket)} is ${kind}; a bucket must be a directory`);
}

async function otherFormRemark(root: RootDirectory, bucket: string): Promise<string> {
  for (const other of otherForms(bucket)) {
    const found = await lstat(join(root.path, other)).catch(() => null);
    if (found?.isDirectory()) return foundInOtherForm(bucket, other);
  }
  return '';
}

async function statRoot(path: string, subject: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (error) {
    if (!isAbsence(error)) throw toStorageError(error, subject);
    const message = `${subject} does not exist; check that it is mounted`;
    throw new StorageError('unreachable', message, { cause: error });
  }
}

import type { BigIntStats } from 'node:fs';
import { platform } from 'node:os';
import { resolve } from 'node:path';
import { changedWhileRead, refuseImpossibleRange } from '../bound-range.ts';
import { describeBucket, describeObject, refuseUnsafeKey } from '../names.ts';
import {
  type GetRequest,
  type ListFoldersRequest,
  type ListRequest,
  type NoteBytes,
  type ObjectContent,
  type ObjectEntry,
  type ObjectHead,
  type ObjectRequest,
  type OutsideRequest,
  StorageError,
  type StorageUnit,
} from '../port.ts';
import { BucketDirectory, openRoot, type RootDirectory } from './bucket-directory.ts';
import { type BytePath, toBytePath } from './byte-path.ts';
import { readFileBody } from './file-body.ts';
import { identityOf, modifiedAtMsOf } from './file-identity.ts';
import { isAbsence, toStorageError } from './filesystem-error.ts';
import { walkFolders, walkObjects } from './object-walk.ts';
import { openIfPlain, openRegularFile } from './open-regular-file.ts';

/**
 * Opens a directory whose subdirectories are buckets. Objects are regular files, also behind links to files and
 * directories of the same bucket. On the way to an object, a listing follows at most one link to a directory.
 *
 * Throws `unreachable` if the directory does not exist. Later calls do too: a mount that is gone is never an empty
 * listing.
 */
export async function openFilesystemStorageUnit(options: {
  readonly id: string;
  /** Relative paths start at the working directory. */
  readonly directory: string;
}): Promise<StorageUnit> {
  return new FilesystemStorageUnit(options.id, await openRoot(resolve(options.directory)));
}

class FilesystemStorageUnit implements StorageUnit {
  readonly id: string;
  readonly #root: RootDirectory;

  constructor(id: string, root: RootDirectory) {
    this.id = id;
    this.#root = root;
  }

  list(request: ListRequest): AsyncGenerator<readonly ObjectEntry[]> {
    return this.#walk(request, (directory) => walkObjects(directory, request));
  }

  listFolders(request: ListFoldersRequest): AsyncGenerator<readonly string[]> {
    return this.#walk(request, (directory) => walkFolders(directory, request));
  }

  async *#walk<Page>(
    { bucket, prefix, signal }: ListFoldersRequest,
    pages: (directory: BucketDirectory) => AsyncIterable<Page>,
  ): AsyncGenerator<Page> {
    signal?.throwIfAborted();
    const directory = await BucketDirectory.open(this.#root, bucket);
    try {
      yield* pages(directory);
    } catch (error) {
      signal?.throwIfAborted();
      throw toStorageError(error, `${JSON.stringify(prefix)}* in ${describeBucket(bucket)}`);
    }
  }

  async get(request: GetRequest): Promise<ObjectContent> {
    const { range } = request;
    if (range !== undefined) refuseImpossibleRange(range);
    const subject = describeObject(request.bucket, request.key);
    const { file, stats } = (await this.#openPlain(request)) ?? (await this.#open(request, subject));
    const seen = describe(stats);
    if (range !== undefined && (range.of.tag !== seen.fileIdentity || range.of.size !== seen.size)) {
      await file.close();
      throw changedWhileRead(subject);
    }
    return { ...seen, body: readFileBody(file, stats, subject, request) };
  }

  /** Opens an object if its path below the directory of buckets has no links. Null if anything is unusual. */
  async #openPlain({ bucket, key, signal }: ObjectRequest) {
    signal?.throwIfAborted();
    refuseUnsafeKey(bucket, key);
    // Other systems do not show which file was opened.
    if (platform() !== 'linux') return null;
    const path = toBytePath(`/${bucket}/${key}`);
    return await openIfPlain(toBytePath(this.#root.path) + path, this.#root.firstPath + path);
  }

  async #open(request: ObjectRequest, subject: string) {
    const { directory, path } = await this.#find(request);
    const opened = await openRegularFile(path, subject);
    if (opened === null) throw await explainAbsence(directory, subject);
    return opened;
  }

  async head(request: ObjectRequest): Promise<ObjectHead> {
    const { stats } = await this.#find(request);
    return { ...describe(stats), encryptedByKey: false };
  }

  async admit({ begin }: OutsideRequest): Promise<NoteBytes> {
    await begin();
    return () => {};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing stays open between calls.
  }

  /** Finds the regular file behind a key, links resolved. */
  async #find({ bucket, key, signal }: ObjectRequest): Promise<{
    readonly directory: BucketDirectory;
    readonly path: BytePath;
    readonly stats: BigIntStats;
  }> {
    signal?.throwIfAborted();
    refuseUnsafeKey(bucket, key);
    const directory = await BucketDirectory.open(this.#root, bucket);
    const subject = describeObject(bucket, key);
    try {
      const found = await directory.resolve(`${directory.path}/${toBytePath(key)}`);
      if (found !== null) {
        if (!found.inside) throw new StorageError('access_denied', `${subject}: a link leads out of the bucket`);
        const stats = await directory.stat(found.path);
        signal?.throwIfAborted();
        if (stats?.isFile()) return { directory, path: found.path, stats };
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (!isAbsence(error)) throw toStorageError(error, subject);
    }
    throw await explainAbsence(directory, subject);
  }
}

function describe(stats: BigIntStats) {
  return {
    size: Number(stats.size),
    etag: null,
    fileIdentity: identityOf(stats),
    modifiedAtMs: modifiedAtMsOf(stats),
  };
}

/** Returns `object_not_found`. Throws if the bucket itself is gone: then nothing says that the object is absent. */
async function explainAbsence(directory: BucketDirectory, subject: string): Promise<StorageError> {
  await directory.confirm();
  return new StorageError('object_not_found', `${subject}: no such object`);
}

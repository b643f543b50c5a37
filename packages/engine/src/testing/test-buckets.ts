import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Objects by key. */
type Objects = Iterable<readonly [string, Uint8Array | string]>;

const defaultModifiedAtMs = Date.UTC(2026, 2, 1, 3);

/** Writes objects into a bucket of a directory, with a fixed time so that listings are always the same. */
export async function putObjects(
  directory: string,
  bucketName: string,
  objects: Objects,
  modifiedAtMs = defaultModifiedAtMs,
): Promise<void> {
  await mkdir(join(directory, bucketName), { recursive: true });
  for (const [key, bytes] of objects) {
    const path = join(directory, bucketName, key);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
    await utimes(path, modifiedAtMs / 1000, modifiedAtMs / 1000);
  }
}

/** A temporary directory of buckets. Disposing it removes it. */
export type TestBuckets = AsyncDisposable & {
  readonly directory: string;
  put(bucketName: string, objects: Objects, modifiedAtMs?: number): Promise<void>;
  remove(bucketName: string, key: string): Promise<void>;
};

export async function makeTestBuckets(): Promise<TestBuckets> {
  const directory = await mkdtemp(join(tmpdir(), 'backup-sync-buckets-'));
  return {
    directory,
    async put(bucketName, objects, modifiedAtMs) {
      await putObjects(directory, bucketName, objects, modifiedAtMs);
    },
    async remove(bucketName, key) {
      await rm(join(directory, bucketName, key));
    },
    async [Symbol.asyncDispose]() {
      await rm(directory, { recursive: true, force: true });
    },
  };
}

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { BucketContents } from '../storage/storage-conformance.ts';

/** Creates a temporary directory with these buckets. Disposing it removes it. */
export async function makeBucketFiles(buckets: BucketContents): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'backup-sync-storage-'));
  for (const [bucket, objects] of Object.entries(buckets)) {
    await mkdir(join(path, bucket));
    const write = async ([key, content]: [string, string | Uint8Array]) => {
      const file = join(path, bucket, key);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
    };
    await Promise.all(Object.entries(objects).map(write));
  }
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

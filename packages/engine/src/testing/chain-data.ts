import type { ChainContext } from '../chain/chain-context.ts';
import { type VolumeData, type VolumeLink, volumesOf } from '../chain/data.ts';
import { openChain } from '../chain/examiner.ts';
import { openFilesystemStorageUnit } from '../storage/filesystem/filesystem-storage-unit.ts';
import type { StorageUnit } from '../storage/port.ts';
import { chainContext } from './chain-context.ts';
import type { WrittenBackup } from './cinder-writer.ts';
import { syncItemOf } from './small-chain.ts';
import { makeTestBuckets, type TestBuckets } from './test-buckets.ts';

/** Backups in a temporary bucket, and a storage unit over it. */
export type StoredBackups = AsyncDisposable & {
  readonly buckets: TestBuckets;
  readonly storage: StorageUnit;
  /** Opens the chain of a backup by its format. Throws the errors of `openData`. */
  open(backup: WrittenBackup, changes?: Partial<ChainContext>): Promise<VolumeData>;
  /** Opens only the backup itself, without its ancestors. */
  openLink(backup: WrittenBackup): Promise<VolumeLink>;
};

export const testBucket = 'backups';

export async function storeBackups(backups: readonly WrittenBackup[]): Promise<StoredBackups> {
  const buckets = await makeTestBuckets();
  for (const { objects } of backups) await buckets.put(testBucket, objects);
  const storage = await openFilesystemStorageUnit({ id: 'here', directory: buckets.directory });
  const open: StoredBackups['open'] = async (backup, changes) => {
    const chain = await openChain(chainContext(storage, testBucket, [backup.imagePath], changes));
    const data = await chain.openData(syncItemOf(backup, testBucket));
    const [opened] = data === null ? [] : volumesOf(data);
    if (opened === undefined) throw new Error(`no volume is stored at ${backup.imagePath}`);
    return opened.volume;
  };
  return {
    buckets,
    storage,
    open,
    async openLink(backup) {
      const leaf = (await open(backup)).links.at(-1);
      if (leaf === undefined) throw new Error('a chain has at least one link');
      return leaf;
    },
    [Symbol.asyncDispose]: () => buckets[Symbol.asyncDispose](),
  };
}

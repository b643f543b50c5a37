import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { BackupSync } from '@backup-sync/contracts';
import type { DescribedBackup } from '../chain/format.ts';
import { itemOf } from '../scans/sync-item.ts';
import { openFilesystemStorageUnit } from '../storage/filesystem/filesystem-storage-unit.ts';
import type { StorageUnit } from '../storage/port.ts';

const samples = new URL('../../../../../shared/fixtures/formats/', import.meta.url);

/** Backups that the programs of a format wrote, next to the repository. */
export type FormatSamples<Sample> = {
  readonly areThere: boolean;
  /** The directory of buckets. */
  readonly openStorage: () => Promise<StorageUnit>;
  /** What is expected of each backup. */
  readonly read: () => Promise<readonly Sample[]>;
};

export function samplesOf<Sample>(format: string): FormatSamples<Sample> {
  const directory = fileURLToPath(new URL(`${format}/`, samples));
  return {
    areThere: existsSync(directory),
    openStorage: () => openFilesystemStorageUnit({ id: 'samples', directory }),
    read: async () => JSON.parse(await readFile(`${directory}expected.json`, 'utf8')) as readonly Sample[],
  };
}

/** The item that a scan makes of a sample. */
export function itemOfSample(described: DescribedBackup, bucketName: string, imagePath: string): BackupSync {
  const item = itemOf(described, { bucketName, imagePath });
  if ('code' in item) throw new Error(item.detail);
  return item;
}

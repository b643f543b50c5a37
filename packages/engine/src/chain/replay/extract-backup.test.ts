import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { syncItemOf, writeSmallChain } from '../../testing/small-chain.ts';
import { makeTestBuckets } from '../../testing/test-buckets.ts';
import { extractBackup } from './extract-backup.ts';

const bucket = 'backups';

test('an extraction reports unreadable block hashes, and leaves no file', async () => {
  await using buckets = await makeTestBuckets();
  const [backup] = writeSmallChain('extract', 4, []);
  if (backup === undefined) throw new Error('the chain has one link');
  await buckets.put(bucket, backup.objects);
  await buckets.put(bucket, [[`${backup.imagePath}_sha256file`, Buffer.from('no hashes')]]);
  await buckets.put('images', new Map());
  const images = join(buckets.directory, 'images');
  const extracted = await extractBackup({
    storage: `file:${buckets.directory}`,
    item: syncItemOf(backup, bucket),
    grants: [{ project_id: 'p', storage_unit: 'default', bucket_name: bucket, prefix: '' }],
    locate: async () => [],
    recordedBuckets: async () => new Set(),
    output: { path: join(images, 'image.raw'), replace: false, onPartialReplaced: () => {} },
    disk: null,
    signal: new AbortController().signal,
    onProgress: () => {},
  });
  expect(extracted).toMatchObject({
    fault: { code: 'metadata_unreadable', detail: expect.stringContaining('_sha256file') },
  });
  expect(await readdir(images)).toEqual([]);
});

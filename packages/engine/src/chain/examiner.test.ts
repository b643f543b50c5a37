import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { syncBackupsRequest } from '@backup-sync/contracts';
import { describe, expect, test } from 'vitest';
import { openFilesystemStorageUnit } from '../storage/filesystem/filesystem-storage-unit.ts';
import { chainContext } from '../testing/chain-context.ts';
import { makeTestBuckets } from '../testing/test-buckets.ts';
import { openChain } from './examiner.ts';
import { chainRootOf, chainRoots } from './formats/chain-root.ts';
import { formatNames } from './formats/formats.ts';

const fixtures = fileURLToPath(new URL('../../../../../shared/fixtures/', import.meta.url));
const fixture = `${fixtures}cinder-s3-zlib`;

describe('a chain that Cinder itself wrote', () => {
  test.skipIf(!existsSync(fixture))('reaches linkage in every link (needs ../shared/fixtures)', async () => {
    const request = syncBackupsRequest.parse(JSON.parse(await readFile(`${fixture}.request.json`, 'utf8')));
    await using storage = await openFilesystemStorageUnit({ id: 'fixture', directory: fixture });
    const context = chainContext(
      storage,
      'volumebackups',
      request.sync.map((item) => item.image_path),
    );
    const chain = await openChain(context);
    for (const item of request.sync) {
      const examination = await chain.examine(item);
      expect(examination).toMatchObject({ format: 'cinder', level: 'linkage', fault: null, limit: null });
      expect(examination).toMatchObject({ volumeBytes: 1024 * 1024 });
    }
  });
});

describe('the chain root', () => {
  test('is the folder of the volume for a path of Cinder', () => {
    const path = 'volume_1/20260301020000/az_a zone/b_backup_c_backup_6fea9211-38a5-cccc-c95f-c8b61fb35442';
    expect(chainRootOf(path)).toBe('volume_1/');
  });

  test('is the image path itself for any other', () => {
    expect(chainRootOf('plan/resource/backup')).toBe('plan/resource/backup');
    expect(chainRootOf('volume_1/20260301020000/az_nova_backup_no-uuid')).toContain('no-uuid');
  });

  test('comes from the first format that knows the path', () => {
    const cinder = 'volume_1/20260301020000/az_nova_backup_6fea9211-38a5-cccc-c95f-c8b61fb35442';
    const longhorn = 'backupstore/volumes/ab/cd/volume-1/backups/backup_backup-1.cfg';
    for (const path of [cinder, longhorn, 'plan/resource/backup']) {
      const roots = formatNames.map((name) => chainRoots[name](path)).filter((root) => root !== null);
      expect(chainRootOf(path)).toBe(roots[0]);
    }
    expect(chainRootOf(longhorn)).toBe('backupstore/volumes/ab/cd/volume-1/');
  });
});

describe('an unknown format', () => {
  const item = {
    backup_id: 'b',
    backup_name: 'b',
    bucket_name: 'bucket',
    image_path: 'plan/b',
    resource_id: 'r',
    resource_name: 'r',
    resource_type: 'OS::Native::Server',
    created_at: 0,
  };

  test('is present with the objects at its exact path and below it, and no others', async () => {
    await using buckets = await makeTestBuckets();
    await buckets.put('bucket', [
      ['plan/b-1/x', 'other'],
      ['plan/b/disk.img', 'abc'],
      ['plan/b/more/x', 'de'],
      ['plan/bc', 'other'],
    ]);
    await using storage = await openFilesystemStorageUnit({ id: 'here', directory: buckets.directory });
    const chain = await openChain(chainContext(storage, 'bucket', [item.image_path]));
    const examination = await chain.examine(item);
    expect(examination).toMatchObject({ format: 'unknown', level: 'presence', fault: null, incremental: null });
    expect(examination?.limit).toContain('no known backup format');
    expect(examination?.listing).toMatchObject({ objectCount: 2, storedBytes: 5 });
    expect(examination?.contentId).toBe(examination?.listing.fingerprint);
  });

  test('is proved separately for each backup that is requested at the path', async () => {
    await using buckets = await makeTestBuckets();
    await buckets.put('bucket', [['plan/b/disk.img', 'abc']]);
    await using storage = await openFilesystemStorageUnit({ id: 'here', directory: buckets.directory });
    const asked: string[] = [];
    const findProofs = async (ids: readonly string[]) => {
      asked.push(...ids);
      return [];
    };
    const chain = await openChain(chainContext(storage, 'bucket', [item.image_path], { findProofs }));
    for (const backup_id of ['b', 'c']) {
      const examination = await chain.examine({ ...item, backup_id });
      expect(examination?.newProofs.map(({ backupId }) => backupId)).toEqual([backup_id]);
    }
    expect(asked).toEqual(['b', 'c']);
  });

  test('is not found if the path is only the beginning of other names', async () => {
    await using buckets = await makeTestBuckets();
    await buckets.put('bucket', [['plan/bc', 'other']]);
    await using storage = await openFilesystemStorageUnit({ id: 'here', directory: buckets.directory });
    const chain = await openChain(chainContext(storage, 'bucket', [item.image_path]));
    expect(await chain.examine(item)).toBeNull();
  });

  test('a bucket that does not exist is an error, not an empty listing', async () => {
    await using buckets = await makeTestBuckets();
    await using storage = await openFilesystemStorageUnit({ id: 'here', directory: buckets.directory });
    await expect(openChain(chainContext(storage, 'gone', [item.image_path]))).rejects.toMatchObject({
      code: 'bucket_not_found',
    });
  });
});

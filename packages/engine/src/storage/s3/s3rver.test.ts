import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import S3rver from 's3rver';
import { expect, test } from 'vitest';
import { expectCode, listAll, readAll } from '../storage-conformance.ts';
import type { S3Options } from './s3-client.ts';
import { openS3StorageUnit } from './s3-storage-unit.ts';

/** s3rver is somebody else's reading of S3, as far as it goes (it cannot page, nor does it sort). It knows one user. */
async function startS3rver(): Promise<AsyncDisposable & { options: S3Options & { credentials: object } }> {
  const directory = await mkdtemp(join(tmpdir(), 'backup-sync-s3rver-'));
  const server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory,
    vhostBuckets: false,
    configureBuckets: [{ name: 'bucket', configs: [] }],
  });
  const { port } = await server.run();
  const credentials = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };
  return {
    options: { endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', credentials },
    async [Symbol.asyncDispose]() {
      await server.close();
      await rm(directory, { recursive: true });
    },
  };
}

test('reads what another client has written', async () => {
  await using server = await startS3rver();
  const writer = new S3Client({ ...server.options, forcePathStyle: true });
  const key = 'a folder/é+%20&x';
  await writer.send(new PutObjectCommand({ Bucket: 'bucket', Key: key, Body: 'hello' }));
  writer.destroy();

  await using unit = await openS3StorageUnit({ id: 's3', ...server.options });
  const etag = '5d41402abc4b2a76b9719d911017c592';
  expect(await listAll(unit, 'bucket', 'a folder/')).toMatchObject([{ key, size: 5, etag, archived: false }]);
  expect(await unit.head({ bucket: 'bucket', key })).toMatchObject({ size: 5, etag, encryptedByKey: false });
  const content = await unit.get({ bucket: 'bucket', key });
  expect((await readAll(content.body)).toString()).toBe('hello');
  await expectCode('object_not_found', unit.get({ bucket: 'bucket', key: 'another' }));
  await expectCode('bucket_not_found', listAll(unit, 'another'));
});

test('an access key that the service does not know is called so', async () => {
  await using server = await startS3rver();
  const credentials = { accessKeyId: 'wrong', secretAccessKey: 'S3RVER' };
  await using unit = await openS3StorageUnit({ id: 's3', ...server.options, credentials });
  await expectCode('storage_key_unknown', unit.get({ bucket: 'bucket', key: 'a' }));
  await expectCode('storage_key_unknown', unit.head({ bucket: 'bucket', key: 'a' }));
});

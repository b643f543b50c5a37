import { setTimeout } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { errorXml, listBucketResult, startHttpServer } from '../testing/s3-test-server.ts';
import { probeBuckets } from './probe-bucket.ts';

test('a notice about one bucket is not shown for another that is checked at the same time', async () => {
  const noticed = Promise.withResolvers<void>();
  await using server = await startHttpServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://service');
    if (pathname.startsWith('/old')) {
      if (searchParams.get('list-type') === '2') return response.writeHead(501).end(errorXml('NotImplemented'));
      noticed.resolve();
      // The check of the other bucket ends first.
      await setTimeout(300);
    }
    await noticed.promise;
    if (searchParams.has('encoding-type')) return response.end(listBucketResult({ entries: [] }));
    return response.writeHead(404).end(errorXml('NoSuchKey'));
  });
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  const probed = await probeBuckets({
    storage: `s3:${server.options.endpoint}`,
    places: ['old', 'new'].map((bucketName) => ({ bucketName, prefix: '' })),
    signal: new AbortController().signal,
  });
  const isNotice = (note: string) => note.includes('ListObjectsV2');
  expect(probed.map(({ notes }) => notes.filter(isNotice))).toEqual([
    ['Bucket "old" does not support ListObjectsV2. ListObjects is used instead.'],
    [],
  ]);
});

test('a wrong specification is refused although no bucket is tried', async () => {
  const { signal } = new AbortController();
  await expect(probeBuckets({ storage: 'bogus:x', places: [], signal })).rejects.toThrow('"bogus:x"');
});

// Object storage for the scan benchmark, in its own process: listing-server.ts <objects> <milliseconds a page>. Speaks
// S3, prints its endpoint, and has one bucket, `generated`, whose pages are made when they are requested. Objects are
// answered without a wait.
import { setTimeout } from 'node:timers/promises';
import { listPageEntriesMax } from '../../packages/engine/src/storage/port.ts';
import { errorXml, startHttpServer } from '../../packages/engine/src/testing/s3-test-server.ts';
import { entryAt, openGeneratedBucket, placeAfter } from './generated-bucket.ts';

const [objects, pageMs] = process.argv.slice(2).map(Number) as [number, number];
const bucket = openGeneratedBucket(objects);
let pages = 0;

/** Keys of the generated bucket need no encoding. */
function listingOf(query: URLSearchParams): string {
  const prefix = query.get('prefix') ?? '';
  const after = query.get('continuation-token') ?? query.get('start-after') ?? query.get('marker') ?? '';
  const keysMax = Math.min(listPageEntriesMax, Number(query.get('max-keys') ?? listPageEntriesMax));
  const contents: string[] = [];
  let last = '';
  let index = placeAfter(after, objects);
  for (; index < objects && contents.length < keysMax; index += 1) {
    const { key, size, etag, modifiedAtMs } = entryAt(index);
    if (!key.startsWith(prefix)) continue;
    last = key;
    contents.push(
      `<Contents><Key>${key}</Key><LastModified>${new Date(modifiedAtMs).toISOString()}</LastModified>` +
        `<ETag>&quot;${etag}&quot;</ETag><Size>${size}</Size><StorageClass>STANDARD</StorageClass></Contents>`,
    );
  }
  const next = index < objects ? `<NextContinuationToken>${last}</NextContinuationToken>` : '';
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' +
    `<Name>generated</Name><Prefix>${prefix}</Prefix><MaxKeys>${keysMax}</MaxKeys><EncodingType>url</EncodingType>` +
    `<KeyCount>${contents.length}</KeyCount><IsTruncated>${next !== ''}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`
  );
}

const server = await startHttpServer(async (request, response) => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const [, name = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(url.pathname)?.map(decodeURIComponent) ?? [];
  if (name === 'pages') return void response.end(String(pages));
  try {
    if (key === '') {
      pages += 1;
      if (pageMs > 0) await setTimeout(pageMs);
      response.writeHead(200, { 'content-type': 'application/xml' }).end(listingOf(url.searchParams));
      return;
    }
    const { size, modifiedAtMs, body } = await bucket.get({ bucket: name, key });
    response.writeHead(200, {
      'content-length': size,
      etag: '"e"',
      'last-modified': new Date(modifiedAtMs).toUTCString(),
    });
    for await (const bytes of body) response.write(bytes);
    response.end();
  } catch {
    response.writeHead(404, { 'content-type': 'application/xml' }).end(errorXml('NoSuchKey'));
  }
});
process.stdout.write(`${server.options.endpoint}\n`);

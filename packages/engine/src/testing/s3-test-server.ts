import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type OutgoingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { compareKeys } from '../storage/key-order.ts';
import type { S3Options } from '../storage/s3/s3-client.ts';
import type { BucketContents } from '../storage/storage-conformance.ts';

/** An HTTP server on loopback, for tests. Disposing it stops it. */
type TestServer = AsyncDisposable & { readonly options: S3Options };

export async function startHttpServer(answer: RequestListener): Promise<TestServer> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // It listens on a port, so the address is an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return {
    options: {
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/**
 * Called with the key of each requested object before the answer, which waits for it. Returns an answer to send
 * instead, or null.
 */
export type S3Refusal = (key: string) => S3Answer | null | Promise<S3Answer | null>;
type S3Answer = { readonly status: number; readonly code: string; readonly headers?: Record<string, string> };

/** Differences between services. */
export type S3Habits = {
  /** ETag of an object (default: the MD5 of its bytes). */
  readonly etagOf?: (key: string, md5: string) => string;
  /** When every object was written. */
  readonly modifiedAt?: Date;
  /** Additional headers of every answer about an object. */
  readonly headers?: Record<string, string>;
  /** Called with the bucket of each request. The answer waits for it. */
  readonly beforeAnswer?: (bucket: string) => Promise<void>;
  /** Answers a request for a range with the whole object. */
  readonly ignoresRange?: boolean;
  /** Answers with whatever version exists. */
  readonly ignoresIfMatch?: boolean;
  /** Checks whether a range is within the object before it checks the version. */
  readonly checksRangeFirst?: boolean;
  /** Returns the headers of an answer to a range, given the right ones. Undefined headers are not sent. */
  readonly rangeHeaders?: (right: Readonly<Record<string, string>>) => Record<string, string | undefined>;
  /** Bytes of a body after which the connection breaks. */
  readonly cutAtByte?: number;
  /** Called when all but the last byte of an object is sent. The last byte waits for it. */
  readonly beforeLastByte?: (bucket: string, key: string) => Promise<void>;
};

/** A server whose objects a test can replace. */
type S3Server = TestServer & { replace(bucket: string, key: string, content: Uint8Array): void };

/** Starts a server with these buckets that behaves as S3 documents. */
export async function startS3Server(
  buckets: BucketContents,
  refuse: S3Refusal = () => null,
  habits: S3Habits = {},
): Promise<S3Server> {
  const { etagOf = (_, md5) => md5, modifiedAt = usuallyModifiedAt, headers = {} } = habits;
  const { beforeAnswer = async () => {}, beforeLastByte } = habits;
  const contents = new Map(
    Object.entries(buckets).map(([bucket, objects]) => [
      bucket,
      Object.entries(objects)
        .map(([key, content]) => ({ key, content: Buffer.from(content) }))
        .sort((one, other) => compareKeys(one.key, other.key)),
    ]),
  );
  const etag = ({ key, content }: StoredObject) => etagOf(key, md5(content));
  const server = await startHttpServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(url.pathname)?.map(decodeURIComponent) ?? [];
    await beforeAnswer(bucket);
    const objects = contents.get(bucket);
    const object = objects?.find((each) => each.key === key);
    const answerXml = (status: number, xml: string, headers = {}) =>
      response
        .writeHead(status, { ...headers, 'content-type': 'application/xml' })
        .end(request.method === 'HEAD' ? '' : xml);
    const refusal = object === undefined ? null : await refuse(key);

    if (objects === undefined) answerXml(404, errorXml('NoSuchBucket'));
    else if (key === '') answerXml(200, listingXml(objects, etag, url.searchParams, modifiedAt));
    else if (object === undefined) answerXml(404, errorXml('NoSuchKey'));
    else if (refusal !== null) answerXml(refusal.status, errorXml(refusal.code), refusal.headers);
    else {
      const asked = request.method === 'HEAD' ? {} : request.headers;
      const answer = answerFor({ content: object.content, etag: `"${etag(object)}"`, asked, habits });
      if (typeof answer === 'string') return void answerXml(answer === 'InvalidRange' ? 416 : 412, errorXml(answer));
      const { content } = answer;
      const all: OutgoingHttpHeaders = {
        ...headers,
        'content-length': content.length,
        etag: `"${etag(object)}"`,
        'last-modified': modifiedAt.toUTCString(),
        ...answer.headers,
      };
      response.writeHead(
        answer.status,
        Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)),
      );
      if (request.method === 'HEAD') return void response.end();
      if (habits.cutAtByte !== undefined) {
        return void response.write(content.subarray(0, habits.cutAtByte), () => response.destroy());
      }
      if (beforeLastByte !== undefined) {
        response.write(content.subarray(0, -1));
        await beforeLastByte(bucket, key);
      }
      response.end(beforeLastByte === undefined ? content : content.subarray(-1));
    }
  });
  return {
    ...server,
    replace(bucket, key, content) {
      const object = contents.get(bucket)?.find((each) => each.key === key);
      if (object === undefined) throw new Error(`there is no ${key} in ${bucket}`);
      object.content = Buffer.from(content);
    },
  };
}

const usuallyModifiedAt = new Date('2026-03-01T02:00:00Z');

type StoredObject = { readonly key: string; content: Buffer };

type RangeAnswer = { readonly status: number; readonly content: Buffer; readonly headers: OutgoingHttpHeaders };

/** The answer to a request for an object or a range of it, or the code of the refusal. */
function answerFor(request: {
  readonly content: Buffer;
  readonly etag: string;
  readonly asked: IncomingHttpHeaders;
  readonly habits: S3Habits;
}): RangeAnswer | 'PreconditionFailed' | 'InvalidRange' {
  const { content, etag, asked, habits } = request;
  const isOther = !habits.ignoresIfMatch && asked['if-match'] !== undefined && asked['if-match'] !== etag;
  if (isOther && !habits.checksRangeFirst) return 'PreconditionFailed';
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(asked.range ?? '') ?? [];
  if (first === undefined || habits.ignoresRange) return isOther ? 'PreconditionFailed' : whole(content);
  const start = Number(first);
  const end = Math.min(Number(last) + 1, content.length);
  if (start >= end) return 'InvalidRange';
  if (isOther) return 'PreconditionFailed';
  const right = { 'content-range': `bytes ${start}-${end - 1}/${content.length}` };
  const headers = habits.rangeHeaders?.(right) ?? right;
  return { status: 206, content: content.subarray(start, end), headers };
}

function whole(content: Buffer): RangeAnswer {
  return { status: 200, content, headers: {} };
}

/** An object, or a folder: the common beginning of keys up to the delimiter. */
type Listed = { readonly key: string; readonly object: StoredObject | null };

function listingXml(
  objects: readonly StoredObject[],
  etagOf: (object: StoredObject) => string,
  query: URLSearchParams,
  modifiedAt: Date,
): string {
  const after = query.get('continuation-token') ?? query.get('start-after');
  const matching = listedBelow(objects, query.get('prefix') ?? '', query.get('delimiter')).filter(
    ({ key }) => after === null || compareKeys(key, after) > 0,
  );
  const page = matching.slice(0, Number(query.get('max-keys') ?? 1000));
  const next = matching.length > page.length ? page.at(-1)?.key : undefined;
  return listBucketResult({
    entries: page.flatMap(({ key, object }) =>
      object === null ? [] : [{ key, size: object.content.length, etag: etagOf(object) }],
    ),
    folders: page.flatMap(({ key, object }) => (object === null ? [key] : [])),
    modifiedAt,
    ...(next !== undefined && { next }),
  });
}

function listedBelow(objects: readonly StoredObject[], prefix: string, delimiter: string | null): readonly Listed[] {
  const listed: Listed[] = [];
  for (const object of objects) {
    if (!object.key.startsWith(prefix)) continue;
    const end = delimiter === null ? -1 : object.key.indexOf(delimiter, prefix.length);
    if (end === -1) listed.push({ key: object.key, object });
    else {
      const folder = object.key.slice(0, end + 1);
      if (listed.at(-1)?.key !== folder) listed.push({ key: folder, object: null });
    }
  }
  return listed;
}

/**
 * The answer to ListObjectsV2 with form-encoded keys. `truncated` follows from `next` unless a test sets it otherwise.
 */
export function listBucketResult(listing: {
  readonly entries: readonly { key: string; size?: number; etag?: string; storageClass?: string }[];
  readonly folders?: readonly string[];
  readonly next?: string;
  readonly truncated?: boolean;
  readonly modifiedAt?: Date;
}): string {
  const { entries, folders = [], next, truncated = next !== undefined, modifiedAt = usuallyModifiedAt } = listing;
  const contents = entries.map(
    ({ key, size = 0, etag = 'e', storageClass = 'STANDARD' }) =>
      `<Contents><Key>${encodeForm(key)}</Key><LastModified>${modifiedAt.toISOString()}</LastModified>` +
      `<ETag>&quot;${etag}&quot;</ETag><Size>${size}</Size><StorageClass>${storageClass}</StorageClass></Contents>`,
  );
  const prefixes = folders.map((folder) => `<CommonPrefixes><Prefix>${encodeForm(folder)}</Prefix></CommonPrefixes>`);
  const token = next === undefined ? '' : `<NextContinuationToken>${escapeXml(next)}</NextContinuationToken>`;
  return (
    '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' +
    `<EncodingType>url</EncodingType><KeyCount>${entries.length + folders.length}</KeyCount><IsTruncated>${truncated}</IsTruncated>` +
    `${token}${contents.join('')}${prefixes.join('')}</ListBucketResult>`
  );
}

/** The answer to ListObjects (version 1). */
export function v1ListBucketResult(listing: {
  readonly keys: readonly string[];
  readonly folders?: readonly string[];
  readonly truncated?: boolean;
  readonly nextMarker?: string;
  readonly encodes?: boolean;
}): string {
  const { keys, folders = [], truncated = false, nextMarker, encodes = true } = listing;
  const text = encodes ? encodeForm : escapeXml;
  const contents = keys.map(
    (key) =>
      `<Contents><Key>${text(key)}</Key><LastModified>${usuallyModifiedAt.toISOString()}</LastModified>` +
      '<ETag>&quot;e&quot;</ETag><Size>1</Size><StorageClass>STANDARD</StorageClass></Contents>',
  );
  const prefixes = folders.map((folder) => `<CommonPrefixes><Prefix>${text(folder)}</Prefix></CommonPrefixes>`);
  return (
    '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Marker/>' +
    `${encodes ? '<EncodingType>url</EncodingType>' : ''}<IsTruncated>${truncated}</IsTruncated>` +
    `${nextMarker === undefined ? '' : `<NextMarker>${text(nextMarker)}</NextMarker>`}` +
    `${contents.join('')}${prefixes.join('')}</ListBucketResult>`
  );
}

/** The XML of an S3 error. `more` is XML that follows the message. */
export function errorXml(code: string, message = 'a message of the service', more = ''): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message>${more}</Error>`;
}

function encodeForm(key: string): string {
  return encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/');
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

function md5(content: Buffer): string {
  return createHash('md5').update(content).digest('hex');
}

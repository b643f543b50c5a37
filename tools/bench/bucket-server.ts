import type { RequestListener, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import {
  listPageEntriesMax,
  type ObjectContent,
  type ObjectEntry,
  type StorageUnit,
} from '../../packages/engine/src/storage/port.ts';
import { errorXml, listBucketResult } from '../../packages/engine/src/testing/s3-test-server.ts';

/** A bucket that {@link serveBuckets} serves. */
export type ServedBucket = {
  /** The entries with a prefix and after a key: one page, and one more entry if there are more. */
  readonly below: (prefix: string, after: string) => Promise<readonly ObjectEntry[]>;
  /** Throws if the bucket has no such object. */
  readonly get: (key: string) => Promise<ObjectContent>;
};

/** A bucket of a storage unit. */
export function bucketOf(unit: StorageUnit, bucket: string): ServedBucket {
  return {
    async below(prefix, after) {
      const found: ObjectEntry[] = [];
      for await (const page of unit.list({ bucket, prefix, after })) {
        found.push(...page);
        if (found.length > listPageEntriesMax) break;
      }
      return found.slice(0, listPageEntriesMax + 1);
    },
    get: (key) => unit.get({ bucket, key }),
  };
}

/** Answers requests to buckets as S3 does, each after `beforeAnswer`. */
export function serveBuckets(
  buckets: Readonly<Record<string, ServedBucket>>,
  beforeAnswer: (kind: 'list' | 'get') => Promise<void> = async () => {},
): RequestListener {
  return async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const [, name = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(url.pathname)?.map(decodeURIComponent) ?? [];
    await beforeAnswer(key === '' ? 'list' : 'get');
    const bucket = buckets[name];
    if (bucket === undefined) answerXml(response, 404, errorXml('NoSuchBucket'));
    else if (key === '') answerXml(response, 200, await listingOf(bucket, url.searchParams));
    else await answerObject(response, bucket, key, request.method === 'HEAD');
  };
}

function answerXml(response: ServerResponse, status: number, xml: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' }).end(xml);
}

async function listingOf(bucket: ServedBucket, query: URLSearchParams): Promise<string> {
  const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
  const found = await bucket.below(query.get('prefix') ?? '', after);
  const page = found.slice(0, listPageEntriesMax);
  const next = found.length > listPageEntriesMax ? page.at(-1)?.key : undefined;
  const entries = page.map(({ key, size, etag }) => ({ key, size, ...(etag !== null && { etag }) }));
  return listBucketResult({ entries, ...(next !== undefined && { next }) });
}

async function answerObject(
  response: ServerResponse,
  bucket: ServedBucket,
  key: string,
  isHead: boolean,
): Promise<void> {
  const content = await bucket.get(key).catch(() => null);
  if (content === null) return answerXml(response, 404, errorXml('NoSuchKey'));
  const { size, etag, modifiedAtMs, body } = content;
  const headers = {
    'content-length': size,
    etag: `"${etag ?? 'e'}"`,
    'last-modified': new Date(modifiedAtMs).toUTCString(),
  };
  response.writeHead(200, headers);
  // A caller that stops reading closes the connection.
  if (isHead) response.end();
  else await pipeline(body, response).catch(() => {});
}

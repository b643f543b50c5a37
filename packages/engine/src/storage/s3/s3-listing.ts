import { ListObjectsV2Command, type ListObjectsV2CommandOutput, type S3Client } from '@aws-sdk/client-s3';
import { compareKeys } from '../key-order.ts';
import { type ListRequest, type ObjectEntry, StorageError } from '../port.ts';

const pageEntriesMax = 1000;
/** A service may answer with a page that is empty and yet not the last, but not for ever. */
const emptyPagesMax = 100;
/** S3 has no longer keys, in UTF-8. */
const keyBytesMax = 1024;

/** Classes whose objects must be thawed before they can be read: those of S3, then the names that OBS and COS use. */
const archiveClasses: ReadonlySet<string> = new Set(['GLACIER', 'DEEP_ARCHIVE', 'COLD', 'ARCHIVE']);

/**
 * Yields one page for each request. Throws `unreachable` where the answers cannot be a complete listing: nothing may
 * be taken for absent because a service repeats itself, forgets to go on, or is none of S3. Else what the SDK throws.
 */
export async function* listPages(
  client: S3Client,
  { bucket, prefix, signal }: ListRequest,
  subject: string,
): AsyncGenerator<readonly ObjectEntry[]> {
  if (!prefix.isWellFormed() || Buffer.byteLength(prefix) > keyBytesMax) {
    yield [];
    return;
  }
  const refuse = (problem: string): never => {
    throw new StorageError('unreachable', `${subject}: the listing cannot be trusted: ${problem}`);
  };
  let token: string | undefined;
  let last: string | undefined;
  let emptyPages = 0;
  do {
    signal?.throwIfAborted();
    const answer: ListObjectsV2CommandOutput = await client.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        MaxKeys: pageEntriesMax,
        // XML cannot carry every character of a key.
        EncodingType: 'url',
        ...(token !== undefined && { ContinuationToken: token }),
      }),
      { ...(signal && { abortSignal: signal }) },
    );
    if (answer.IsTruncated === undefined) refuse('the answer is none of ListObjectsV2');

    const page = readPage(answer) ?? refuse('an object lacks its key, size or time');
    for (const { key } of page) {
      if (!key.startsWith(prefix)) refuse(`the key ${JSON.stringify(key)} was not asked for`);
      if (last !== undefined && compareKeys(last, key) >= 0) {
        refuse(`the key ${JSON.stringify(key)} comes after ${JSON.stringify(last)}, repeated or out of order`);
      }
      last = key;
    }
    emptyPages = page.length === 0 ? emptyPages + 1 : 0;
    if (emptyPages > emptyPagesMax) refuse(`${emptyPages} pages in a row are empty`);
    yield page;

    const next = answer.IsTruncated ? answer.NextContinuationToken : undefined;
    if (answer.IsTruncated && !next) refuse('it goes on, but the service does not say where');
    token = next;
  } while (token !== undefined);
}

/** Null where something is missing that every object has. */
function readPage(answer: ListObjectsV2CommandOutput): readonly ObjectEntry[] | null {
  // The SDK leaves keys as they were sent, and a service that does not know the encoding sends them plain.
  const decode = answer.EncodingType === 'url' ? decodeKey : (key: string) => key;
  const page: ObjectEntry[] = [];
  for (const { Key, Size, LastModified, ETag, StorageClass } of answer.Contents ?? []) {
    if (!Key || Size === undefined || LastModified === undefined) return null;
    page.push({
      key: decode(Key),
      size: Size,
      etag: plainEtag(ETag),
      modifiedAtMs: LastModified.getTime(),
      archived: StorageClass !== undefined && archiveClasses.has(StorageClass),
    });
  }
  return page;
}

/** Undoes the form encoding of listings, where "+" is a blank. Bytes that are not UTF-8 become U+FFFD. */
function decodeKey(encoded: string): string {
  const plain = encoded.replaceAll('+', ' ');
  try {
    return decodeURIComponent(plain);
  } catch {
    return Buffer.from(
      Buffer.from(plain, 'utf8')
        .toString('latin1')
        .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
      'latin1',
    ).toString('utf8');
  }
}

/** An ETag without its quotes; null where there is none. */
export function plainEtag(etag: string | undefined): string | null {
  return etag?.replaceAll('"', '') || null;
}

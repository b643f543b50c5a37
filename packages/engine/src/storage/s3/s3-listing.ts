import { ListObjectsV2Command, type ListObjectsV2CommandOutput, type S3Client } from '@aws-sdk/client-s3';
import { compareKeys } from '../key-order.ts';
import {
  type ListFoldersRequest,
  type ListRequest,
  listPageEntriesMax,
  type ObjectEntry,
  StorageError,
} from '../port.ts';

/** A service may answer with a page that is empty and yet not the last, but not for ever. */
const emptyPagesMax = 100;
/** S3 has no longer keys, in UTF-8. */
const keyBytesMax = 1024;

/** Classes whose objects must be thawed before they can be read: those of S3, then the names that OBS and COS use. */
const archiveClasses: ReadonlySet<string> = new Set(['GLACIER', 'DEEP_ARCHIVE', 'COLD', 'ARCHIVE']);

/** Yields one page of objects for each request. Throws as {@link walkPages}. */
export function listPages(
  client: S3Client,
  { after, ...request }: ListRequest,
  subject: string,
): AsyncGenerator<readonly ObjectEntry[]> {
  const walk: Walk<ObjectEntry> = { after, delimiter: undefined, read: readObjects, keyOf: keyOfObject };
  return walkPages(client, request, walk, subject);
}

/** Yields one page of folders for each request. Throws as {@link walkPages}. */
export function listFolderPages(
  client: S3Client,
  request: ListFoldersRequest,
  subject: string,
): AsyncGenerator<readonly string[]> {
  const walk: Walk<string> = { after: undefined, delimiter: '/', read: readFolders, keyOf: (folder) => folder };
  return walkPages(client, request, walk, subject);
}

type Walk<Item> = {
  readonly after: string | undefined;
  readonly delimiter: '/' | undefined;
  /** Null where something is missing that every answer has. */
  readonly read: (answer: ListObjectsV2CommandOutput) => readonly Item[] | null;
  readonly keyOf: (item: Item) => string;
};

/**
 * Yields one page for each request. Throws `unreachable` where the answers cannot be a complete listing: nothing may
 * be taken for absent because a service repeats itself, forgets to go on, or is none of S3. Else what the SDK throws.
 */
async function* walkPages<Item>(
  client: S3Client,
  { bucket, prefix, signal }: ListFoldersRequest,
  { after, delimiter, read, keyOf }: Walk<Item>,
  subject: string,
): AsyncGenerator<readonly Item[]> {
  if (!isPossibleKey(prefix)) {
    yield [];
    return;
  }
  const refuse = (problem: string): never => {
    throw new StorageError('unreachable', `${subject}: the listing cannot be trusted: ${problem}`);
  };
  /** Takes keys of one kind, each behind those before it, on whatever page. */
  const rising = (last: string | undefined) => (keys: readonly string[]) => {
    for (const key of keys) {
      if (!key.startsWith(prefix)) refuse(`the key ${JSON.stringify(key)} was not asked for`);
      if (last !== undefined && compareKeys(last, key) >= 0) {
        refuse(`the key ${JSON.stringify(key)} comes after ${JSON.stringify(last)}, repeated or out of order`);
      }
      last = key;
    }
  };
  const checkItems = rising(after);
  const checkPassed = rising(undefined);
  let token: string | undefined;
  let emptyPages = 0;
  do {
    signal?.throwIfAborted();
    const answer: ListObjectsV2CommandOutput = await client.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        MaxKeys: listPageEntriesMax,
        // XML cannot carry every character of a key.
        EncodingType: 'url',
        ...(delimiter !== undefined && { Delimiter: delimiter }),
        ...(token !== undefined ? { ContinuationToken: token } : after !== undefined && { StartAfter: after }),
      }),
      { ...(signal && { abortSignal: signal }) },
    );
    if (answer.IsTruncated === undefined) refuse('the answer is none of ListObjectsV2');

    const page = readOrRefuse(read, answer);
    checkItems(page.map(keyOf));
    // Objects that lie in no folder fill pages of folders. They are passed over, and must come to an end as well.
    const passed = delimiter === undefined ? [] : readOrRefuse(readObjects, answer);
    checkPassed(passed.map(keyOfObject));
    emptyPages = page.length === 0 && passed.length === 0 ? emptyPages + 1 : 0;
    if (emptyPages > emptyPagesMax) refuse(`${emptyPages} pages in a row are empty`);
    yield page;

    const next = answer.IsTruncated ? answer.NextContinuationToken : undefined;
    if (answer.IsTruncated && !next) refuse('it goes on, but the service does not say where');
    if (next !== undefined && next === token) refuse('it goes on where it has been');
    token = next;
  } while (token !== undefined);

  function readOrRefuse<Each>(readEach: Walk<Each>['read'], answer: ListObjectsV2CommandOutput): readonly Each[] {
    return readEach(answer) ?? refuse('an object lacks its key, size or time');
  }
}

function keyOfObject({ key }: ObjectEntry): string {
  return key;
}

/** S3 has no other keys, so a prefix beyond this selects nothing. */
function isPossibleKey(text: string): boolean {
  return text.isWellFormed() && Buffer.byteLength(text) <= keyBytesMax;
}

/** Null where something is missing that every object has. */
function readObjects(answer: ListObjectsV2CommandOutput): readonly ObjectEntry[] | null {
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

/** Null where a folder has no name. */
function readFolders(answer: ListObjectsV2CommandOutput): readonly string[] | null {
  const decode = answer.EncodingType === 'url' ? decodeKey : (key: string) => key;
  const folders: string[] = [];
  for (const { Prefix } of answer.CommonPrefixes ?? []) {
    if (!Prefix) return null;
    folders.push(decode(Prefix));
  }
  return folders;
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

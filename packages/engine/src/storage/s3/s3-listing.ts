import type { S3Client } from '@aws-sdk/client-s3';
import { compareKeys } from '../key-order.ts';
import { type ListFoldersRequest, type ListRequest, type ObjectEntry, StorageError } from '../port.ts';
import { checkAddress, toStorageError } from './s3-error.ts';
import { isArchiveClass } from './s3-listed-objects.ts';
import { askV1, askV2, isOfV1, type ListingAnswer, type ListingVersions, nextMarkerOf } from './s3-listing-request.ts';
import { decoderOf } from './s3-names.ts';

/** Maximum number of empty pages in a row before the last page. */
const emptyPagesMax = 100;
/** Longest key of S3, in UTF-8 bytes. */
const keyBytesMax = 1024;

/** The parts of the storage unit that a listing needs. */
export type ListingTools = {
  readonly client: S3Client;
  readonly versions: ListingVersions;
};

/** Yields one page of objects for each request. Throws as {@link walkPages}. */
export function listPages(
  tools: ListingTools,
  { after, ...request }: ListRequest,
  subject: string,
): AsyncGenerator<readonly ObjectEntry[]> {
  const walk: Walk<ObjectEntry> = { after, delimiter: undefined, read: readObjects, keyOf: keyOfObject };
  return walkPages(tools, request, walk, subject);
}

/** Yields one page of folders for each request. Throws as {@link walkPages}. */
export function listFolderPages(
  tools: ListingTools,
  request: ListFoldersRequest,
  subject: string,
): AsyncGenerator<readonly string[]> {
  const walk: Walk<string> = { after: undefined, delimiter: '/', read: readFolders, keyOf: (folder) => folder };
  return walkPages(tools, request, walk, subject);
}

type Walk<Item> = {
  readonly after: string | undefined;
  readonly delimiter: '/' | undefined;
  /** Null if the answer lacks a required field. */
  readonly read: (answer: ListingAnswer) => readonly Item[] | null;
  readonly keyOf: (item: Item) => string;
};

/**
 * Yields one page for each request. Throws `unreachable` if the answers cannot be a complete listing, and otherwise the
 * errors of the SDK. No object may count as absent because a service repeats pages, stops early or is not S3.
 *
 * If a bucket does not support ListObjectsV2, the listing continues with ListObjects from its current position. A
 * service may refuse ListObjectsV2, or treat it as ListObjects and ignore the parameters it does not know.
 */
async function* walkPages<Item>(
  { client, versions }: ListingTools,
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
  /** Returns a check that keys of one kind are in ascending order across all pages. */
  const rising = (last: string | undefined) => (keys: readonly string[]) => {
    for (const key of keys) {
      if (!key.startsWith(prefix)) refuse(`the key ${JSON.stringify(key)} does not start with the prefix`);
      if (last !== undefined && compareKeys(last, key) >= 0) {
        refuse(`the key ${JSON.stringify(key)} comes after ${JSON.stringify(last)}, repeated or out of order`);
      }
      last = key;
    }
  };
  const checkItems = rising(after);
  const checkPassed = rising(undefined);
  /** The next page starts after this key. */
  let position = after;
  let token: string | undefined;
  let emptyPages = 0;
  while (true) {
    signal?.throwIfAborted();
    const isV1 = versions.isV1(bucket);
    const page = { bucket, prefix, delimiter, position, token, signal };
    let answer: ListingAnswer;
    try {
      answer = await (isV1 ? askV1(client, page) : askV2(client, page));
    } catch (error) {
      if (isV1 || toStorageError(error, subject).code !== 'storage_not_implemented') throw error;
      versions.fallBack(bucket);
      continue;
    }
    if (answer.IsTruncated === undefined) refuse(`the answer is not a listing; ${checkAddress}`);
    if (!isV1 && isOfV1(answer, position)) {
      versions.fallBack(bucket);
      // The service has ignored the start position.
      if (position !== undefined) continue;
    }

    const all = readOrRefuse(read, answer);
    const [first] = all;
    // Some services return a folder again if its name is the marker.
    const isRepeated = isV1 && delimiter !== undefined && first !== undefined && keyOf(first) === position;
    const items = isRepeated ? all.slice(1) : all;
    const start = items[0];
    if (after !== undefined && position === after && start !== undefined && compareKeys(keyOf(start), after) <= 0) {
      const listed = JSON.stringify(keyOf(start));
      throw new StorageError(
        'start_ignored',
        `${subject}: the service lists ${listed}, not what comes after ${JSON.stringify(after)}`,
      );
    }
    checkItems(items.map(keyOf));
    // Objects outside any folder also fill pages of folders. They are skipped, but must not repeat either.
    const passed = delimiter === undefined ? [] : readOrRefuse(readObjects, answer);
    checkPassed(passed.map(keyOfObject));
    emptyPages = items.length === 0 && passed.length === 0 ? emptyPages + 1 : 0;
    if (emptyPages > emptyPagesMax) refuse(`${emptyPages} pages in a row are empty`);
    yield items;

    if (!answer.IsTruncated) return;
    const last = laterOf(items.map(keyOf).at(-1), passed.map(keyOfObject).at(-1));
    if (versions.isV1(bucket)) {
      const next = last ?? nextMarkerOf(answer);
      if (next === undefined) return refuse('another page follows, but the service names no marker for it');
      if (position !== undefined && compareKeys(next, position) <= 0) refuse('the next page does not start further on');
      position = next;
    } else {
      const next = answer.NextContinuationToken;
      if (!next) return refuse('another page follows, but the service gives no token for it');
      if (next === token) refuse('the service gives the same token again');
      token = next;
      position = last ?? position;
    }
  }

  function readOrRefuse<Each>(readEach: Walk<Each>['read'], answer: ListingAnswer): readonly Each[] {
    return readEach(answer) ?? refuse('an entry lacks its key, size or time');
  }
}

function laterOf(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return compareKeys(one, other) < 0 ? other : one;
}

function keyOfObject({ key }: ObjectEntry): string {
  return key;
}

/** Whether S3 allows such a key. A prefix that no key can have selects nothing. */
function isPossibleKey(text: string): boolean {
  return text.isWellFormed() && Buffer.byteLength(text) <= keyBytesMax;
}

/** Null if an object lacks its key, size or time. */
function readObjects(answer: ListingAnswer): readonly ObjectEntry[] | null {
  if (answer.objects !== null) return answer.objects;
  const decode = decoderOf(answer);
  const page: ObjectEntry[] = [];
  for (const { Key, Size, LastModified, ETag, StorageClass } of answer.Contents ?? []) {
    if (!Key || Size === undefined || LastModified === undefined) return null;
    page.push({
      key: decode(Key),
      size: Size,
      etag: plainEtag(ETag),
      modifiedAtMs: LastModified.getTime(),
      archived: StorageClass !== undefined && isArchiveClass(StorageClass),
    });
  }
  return page;
}

/** Null if a folder has no name. */
function readFolders(answer: ListingAnswer): readonly string[] | null {
  const decode = decoderOf(answer);
  const folders: string[] = [];
  for (const { Prefix } of answer.CommonPrefixes ?? []) {
    if (!Prefix) return null;
    folders.push(decode(Prefix));
  }
  return folders;
}

/** An ETag without its quotes; null if there is none. */
export function plainEtag(etag: string | undefined): string | null {
  return etag?.replaceAll('"', '') || null;
}

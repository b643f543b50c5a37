import type { S3Client } from '@aws-sdk/client-s3';
import { compareKeys } from '../key-order.ts';
import { type ListFoldersRequest, type ListRequest, type ObjectEntry, StorageError } from '../port.ts';
import { toStorageError } from './s3-error.ts';
import { askV1, askV2, isOfV1, type ListingAnswer, type ListingVersions, nextMarkerOf } from './s3-listing-request.ts';
import { decoderOf } from './s3-names.ts';

/** A service may answer with a page that is empty and yet not the last, but not for ever. */
const emptyPagesMax = 100;
/** S3 has no longer keys, in UTF-8. */
const keyBytesMax = 1024;

/** Classes whose objects must be thawed before they can be read: those of S3, then the names that OBS and COS use. */
const archiveClasses: ReadonlySet<string> = new Set(['GLACIER', 'DEEP_ARCHIVE', 'COLD', 'ARCHIVE']);

/** What a listing needs of its storage unit. */
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
  /** Null where something is missing that every answer has. */
  readonly read: (answer: ListingAnswer) => readonly Item[] | null;
  readonly keyOf: (item: Item) => string;
};

/**
 * Yields one page for each request. Throws `unreachable` where the answers cannot be a complete listing: nothing may
 * be taken for absent because a service repeats itself, forgets to go on, or is none of S3. Else what the SDK throws.
 *
 * A bucket that does not offer ListObjectsV2 is listed by ListObjects, from where the listing stands: a service may refuse
 * the former, or take it for the latter and ignore what it does not know.
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
  /** Where the next page begins: all up to this key has been seen. */
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
    if (answer.IsTruncated === undefined) refuse('the answer is none of a listing');
    if (!isV1 && isOfV1(answer, position)) {
      versions.fallBack(bucket);
      // It has ignored where to begin.
      if (position !== undefined) continue;
    }

    const all = readOrRefuse(read, answer);
    const [first] = all;
    // Some services show a folder again for which its own name is the marker.
    const isRepeated = isV1 && delimiter !== undefined && first !== undefined && keyOf(first) === position;
    const items = isRepeated ? all.slice(1) : all;
    checkItems(items.map(keyOf));
    // Objects that lie in no folder fill pages of folders. They are passed over, and must come to an end as well.
    const passed = delimiter === undefined ? [] : readOrRefuse(readObjects, answer);
    checkPassed(passed.map(keyOfObject));
    emptyPages = items.length === 0 && passed.length === 0 ? emptyPages + 1 : 0;
    if (emptyPages > emptyPagesMax) refuse(`${emptyPages} pages in a row are empty`);
    yield items;

    if (!answer.IsTruncated) return;
    const last = laterOf(items.map(keyOf).at(-1), passed.map(keyOfObject).at(-1));
    if (versions.isV1(bucket)) {
      const next = last ?? nextMarkerOf(answer);
      if (next === undefined) return refuse('it goes on, but the service does not say where');
      if (position !== undefined && compareKeys(next, position) <= 0) refuse('it goes on where it has been');
      position = next;
    } else {
      const next = answer.NextContinuationToken;
      if (!next) return refuse('it goes on, but the service does not say where');
      if (next === token) refuse('it goes on where it has been');
      token = next;
      position = last ?? position;
    }
  }

  function readOrRefuse<Each>(readEach: Walk<Each>['read'], answer: ListingAnswer): readonly Each[] {
    return readEach(answer) ?? refuse('an object lacks its key, size or time');
  }
}

function laterOf(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return compareKeys(one, other) < 0 ? other : one;
}

function keyOfObject({ key }: ObjectEntry): string {
  return key;
}

/** S3 has no other keys, so a prefix beyond this selects nothing. */
function isPossibleKey(text: string): boolean {
  return text.isWellFormed() && Buffer.byteLength(text) <= keyBytesMax;
}

/** Null where something is missing that every object has. */
function readObjects(answer: ListingAnswer): readonly ObjectEntry[] | null {
  const decode = decoderOf(answer);
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
function readFolders(answer: ListingAnswer): readonly string[] | null {
  const decode = decoderOf(answer);
  const folders: string[] = [];
  for (const { Prefix } of answer.CommonPrefixes ?? []) {
    if (!Prefix) return null;
    folders.push(decode(Prefix));
  }
  return folders;
}

/** An ETag without its quotes; null where there is none. */
export function plainEtag(etag: string | undefined): string | null {
  return etag?.replaceAll('"', '') || null;
}

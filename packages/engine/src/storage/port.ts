import type { ReasonCode } from '@backup-sync/contracts';

/** Most entries of one page of a listing. */
export const listPageEntriesMax = 1000;

/** An object as a listing shows it. */
export type ObjectEntry = {
  /** Key in the bucket, segments separated by "/". */
  readonly key: string;
  /** Stored bytes. */
  readonly size: number;
  /** Without quotes; null where the storage unit has none (a directory). */
  readonly etag: string | null;
  /** Milliseconds since 1970. */
  readonly modifiedAtMs: number;
  /**
   * Lies in an archive class. A listing shows no thawed copy, so reading alone tells: `get` throws `archived` where the
   * object must be thawed first.
   */
  readonly archived: boolean;
};

/** What is known of one object without reading it. */
export type ObjectHead = {
  readonly size: number;
  readonly etag: string | null;
  /**
   * Tells versions apart as an ETag does, if there is none; absent if there is one. Opaque. A listing does not tell it:
   * that would cost a directory a quarter more for each object, and few objects are read in ranges.
   */
  readonly fileIdentity?: string;
  readonly modifiedAtMs: number;
  /** Encrypted by a key service or a customer's key: the ETag is then not the MD5 of the bytes, however it looks. */
  readonly encryptedByKey: boolean;
};

/** An object being read. */
export type ObjectContent = {
  /** Bytes of the whole object, also if a range of it is read. */
  readonly size: number;
  readonly etag: string | null;
  /** See {@link ObjectHead}. */
  readonly fileIdentity?: string;
  readonly modifiedAtMs: number;
  /**
   * The bytes, once. Reading to the end, or leaving the loop early, releases the connection or file: whoever asked for
   * an object reads it.
   */
  readonly body: AsyncIterable<Uint8Array>;
};

export type ListFoldersRequest = { readonly bucket: string; readonly prefix: string; readonly signal?: AbortSignal };
export type ListRequest = ListFoldersRequest & {
  /** Only keys behind this one, in the order of listings, are listed. It need not be the key of an object. */
  readonly after?: string;
};
export type ObjectRequest = { readonly bucket: string; readonly key: string; readonly signal?: AbortSignal };

/** One state of an object, as a storage unit showed it: see `findVersion`. */
export type ObjectVersion = {
  /** Stored bytes. */
  readonly size: number;
  /** Its ETag without quotes, or the identity of its file. Only the storage unit that gave it can compare it. */
  readonly tag: string;
};

/** Bytes of one version of an object, at least one. */
export type BoundRange = {
  /** The first byte, counted from 0. */
  readonly start: number;
  /** The byte behind the last one: `end - start` bytes are read. At most the size of the version. */
  readonly end: number;
  readonly of: ObjectVersion;
};

export type GetRequest = ObjectRequest & {
  /** Reads these bytes alone; all of the object if it is left out. */
  readonly range?: BoundRange;
  /**
   * The reader is done with a piece when it asks for the one after the next: a driver may then use its memory anew.
   * Gigabytes that are read through once leave nothing behind so. Otherwise pieces are the reader's for good.
   */
  readonly readsThrough?: boolean;
};

/** A request that another client of the same storage makes: a worker thread has one of its own. */
export type OutsideRequest = {
  readonly bucket: string;
  /** A page of a listing, or an object. */
  readonly kind: 'list' | 'get';
  /** The prefix of the listing, or the key of the object. */
  readonly subject: string;
  /** Makes it. Fulfilled when its answer begins; throws `StorageError`. */
  readonly begin: () => Promise<void>;
  readonly signal?: AbortSignal;
  /**
   * Has `onBytes` told when the bytes of the answer have not come for a second, and when they come again. A client that
   * does not know leaves this out.
   */
  readonly listen?: (onBytes: (doCome: boolean) => void) => void;
};

/** Told once, when no more of an answer is read, how many bytes of an object were. */
export type NoteBytes = (bytesRead: number) => void;

/** Refusals that say nothing of what was asked for: settings, credentials or clock are wrong, and all requests to the bucket fail. */
const serviceRefusals = [
  'storage_wrong_region',
  'storage_redirected',
  'storage_token_expired',
  'storage_key_unknown',
  'storage_secret_wrong',
  'storage_credentials_missing',
  'storage_virtual_hosts_only',
  'storage_not_implemented',
  'storage_clock_skewed',
  'storage_request_refused',
  'storage_certificate_refused',
] as const satisfies readonly ReasonCode[];

/** Named as the reasons that they become. */
export type ServiceRefusal = (typeof serviceRefusals)[number];

const allServiceRefusals: ReadonlySet<StorageErrorCode> = new Set(serviceRefusals);

/** Whether every request to this bucket fails likewise, so that the answer says nothing of a backup. */
export function isServiceRefusal({ code }: StorageError): boolean {
  return allServiceRefusals.has(code);
}

/**
 * Why storage did not answer as asked. `object_not_found` is of `get` and `head` alone: a listing of nothing is empty.
 * `changed_while_read` is of ranges alone.
 * `listing_too_large` is no driver's: who keeps what a listing shows refuses what goes beyond its bound.
 */
export type StorageErrorCode =
  | 'bucket_not_found'
  | 'object_not_found'
  | 'changed_while_read'
  | 'access_denied'
  | 'archived'
  | 'encrypted_customer_key'
  | 'listing_too_large'
  | 'throttled'
  | 'unreachable'
  | ServiceRefusal;

/** A storage unit could not do what was asked. The message names bucket and key, never a credential. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly code: StorageErrorCode;
  /** How long the service wants not to be asked, milliseconds; null where it does not say. */
  readonly retryAfterMs: number | null;

  constructor(
    code: StorageErrorCode,
    message: string,
    { retryAfterMs = null, ...options }: ErrorOptions & { readonly retryAfterMs?: number | null } = {},
  ) {
    super(message, options);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * Where bytes of backups lie: buckets of objects. Read only, by type: nothing here can change a bucket.
 *
 * - `list` yields pages of at most {@link listPageEntriesMax} objects whose key starts with `prefix`, sorted by the UTF-8 bytes of the key,
 *   none twice; one empty page where there is none. It ends only when the enumeration is complete; anything else
 *   throws. A bucket that does not exist throws `bucket_not_found`: it is never an empty listing. Each page is one
 *   request, made when the page is asked for: whoever stops asking, or goes on elsewhere with `after`, saves the rest.
 * - `listFolders` yields the folders right below `prefix`: what keys have in common up to and with the next "/" behind
 *   it, each once, sorted and paged as by `list`. Objects that lie in no folder are not shown, yet fill pages: a page
 *   may be empty and not the last. A directory may show a folder that has no objects. Else as `list`.
 * - `get` reads one whole object. The body throws `unreachable` when fewer bytes arrive than `size` says, or where it
 *   shows that the object changed meanwhile; it is not taken up again in its middle.
 * - `get` with a `range` reads these bytes of that version of the object: the ranges that a reader puts together are
 *   never of two versions. It throws `changed_while_read` if another version is there, or comes before the last byte, and
 *   `RangeError`, without a request, if the version has no such range. The body has all bytes of the range or throws.
 *   A driver asks for the version (HTTP: `If-Match`) and then compares what is answered too. Not all services do what
 *   they are asked: MinIO's gateway to directories ignored `If-Match` (minio#1981), others did so for ranges only, and
 *   Ceph may answer a range that does not fit with all of the object (`rgw_ignore_get_invalid_range`). The clients of
 *   Amazon, which read in ranges by themselves, send `If-Match` and trust the answer.
 * - `head` tells of one object without reading it.
 * - `admit` treats a request that another client makes as one that is made here: it keeps to the same budget and is
 *   counted and measured with the others. `begin` is called when it is its turn, and once more where the bucket was
 *   throttled. What it throws in the end is thrown on.
 * - An aborted `signal` makes each of them, and a body, throw the signal's reason. Every other failure is a
 *   `StorageError`. `throttled` and `unreachable` may pass by themselves; the others are for good. A driver has tried
 *   again before it throws `unreachable`. It throws `throttled` at once, since all who use the bucket must hold back:
 *   see budgeted-storage-unit.ts.
 * - Keys cannot leave their bucket: segments `..` and links that lead out are refused (`access_denied`) or not there.
 */
export interface StorageUnit extends AsyncDisposable {
  /** Name under which records refer to this storage unit. */
  readonly id: string;
  list(request: ListRequest): AsyncIterable<readonly ObjectEntry[]>;
  listFolders(request: ListFoldersRequest): AsyncIterable<readonly string[]>;
  get(request: GetRequest): Promise<ObjectContent>;
  head(request: ObjectRequest): Promise<ObjectHead>;
  admit(request: OutsideRequest): Promise<NoteBytes>;
}

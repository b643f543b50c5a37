import type { ReasonCode } from '@backup-sync/contracts';

/** Maximum number of entries in one page of a listing. */
export const listPageEntriesMax = 1000;

/** An object as a listing shows it. */
export type ObjectEntry = {
  /** Key in the bucket, segments separated by "/". */
  readonly key: string;
  /** Stored bytes. */
  readonly size: number;
  /** Without quotes; null if the storage unit has none (a directory). */
  readonly etag: string | null;
  /** Milliseconds since 1970. */
  readonly modifiedAtMs: number;
  /**
   * Whether the object is in an archive class. A listing does not show whether a thawed copy exists; only reading does:
   * `get` throws `archived` if the object must be thawed first.
   */
  readonly archived: boolean;
};

/** Facts about one object, known without reading it. */
export type ObjectHead = {
  readonly size: number;
  readonly etag: string | null;
  /**
   * Identifies the version, like an ETag, for storage without ETags; absent if there is an ETag. Opaque. Listings do
   * not have it: it would make a directory's listing a quarter slower, and few objects are read in ranges.
   */
  readonly fileIdentity?: string;
  readonly modifiedAtMs: number;
  /** Encrypted by a key service or a customer's key: the ETag is then not the MD5 of the bytes, even if it looks so. */
  readonly encryptedByKey: boolean;
};

/** An object being read. */
export type ObjectContent = {
  /** Bytes of the whole object, even if only a range is read. */
  readonly size: number;
  readonly etag: string | null;
  /** See {@link ObjectHead}. */
  readonly fileIdentity?: string;
  readonly modifiedAtMs: number;
  /**
   * The bytes; they can be read once. Reading to the end, or leaving the loop early, releases the connection or file,
   * so every caller of `get` must begin to read.
   *
   * Throws `unreachable` if fewer bytes arrive than expected, or if the object is seen to change meanwhile. For a
   * range, a change throws `changed_while_read`. A body that failed cannot be resumed. An aborted `signal` makes it
   * throw the signal's reason.
   */
  readonly body: AsyncIterable<Uint8Array>;
};

export type ListFoldersRequest = { readonly bucket: string; readonly prefix: string; readonly signal?: AbortSignal };
export type ListRequest = ListFoldersRequest & {
  /** List only keys after this one, in the order of listings. No object needs to have this key. */
  readonly after?: string;
};
export type ObjectRequest = { readonly bucket: string; readonly key: string; readonly signal?: AbortSignal };

/** Identifies one state of an object. `findVersion` returns it. */
export type ObjectVersion = {
  /** Stored bytes. */
  readonly size: number;
  /** The ETag without quotes, or the identity of the file. Meaningful only to the storage unit that returned it. */
  readonly tag: string;
};

/** A range of at least one byte of one version of an object. */
export type BoundRange = {
  /** The first byte, counted from 0. */
  readonly start: number;
  /** One past the last byte, so `end - start` bytes are read. At most the size of the version. */
  readonly end: number;
  readonly of: ObjectVersion;
};

export type GetRequest = ObjectRequest & {
  /** Read only these bytes (default: the whole object). */
  readonly range?: BoundRange;
  /**
   * Let the driver reuse the memory of a piece once the reader asks for the piece after the next. Reading gigabytes
   * once then leaves no garbage. Without it, the reader may keep all pieces. A reader of many objects gives memory that
   * the driver may use for the pieces, and gives it again once it has left the body.
   */
  readonly readsThrough?: boolean | PieceMemories;
};

/** Memory for a piece, and for the next. */
export type PieceMemories = readonly [Uint8Array, Uint8Array];

/** A request made by another client of the same storage. Each worker thread has its own client. */
export type OutsideRequest = {
  readonly bucket: string;
  /** A page of a listing (`list`), or an object (`get`). */
  readonly kind: 'list' | 'get';
  /** The prefix of the listing, or the key of the object. */
  readonly subject: string;
  /** Makes the request. Resolves when its answer begins; throws `StorageError`. */
  readonly begin: () => Promise<void>;
  readonly signal?: AbortSignal;
  /**
   * Registers `onBytes`, which is called with false when no bytes of the answer have arrived for a second, and with
   * true when they arrive again. A client that does not know leaves this out.
   */
  readonly listen?: (onBytes: (doCome: boolean) => void) => void;
};

/** Called once, when reading an answer ends, with the number of bytes of the object that were read. */
export type NoteBytes = (bytesRead: number) => void;

/**
 * Refusals because settings, credentials or the clock are wrong. All requests to the bucket fail, whatever they
 * request.
 */
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

/** A code of {@link StorageError} that is also the code of the resulting reason. */
export type ServiceRefusal = (typeof serviceRefusals)[number];

const allServiceRefusals: ReadonlySet<StorageErrorCode> = new Set(serviceRefusals);

/** Whether every request to this bucket fails in the same way, so that the error says nothing about a backup. */
export function isServiceRefusal({ code }: StorageError): boolean {
  return allServiceRefusals.has(code);
}

/** Whether the request may succeed once the bucket answers again, so that the failure may be part of an outage. */
export function isOutageFailure({ code }: StorageError): boolean {
  return code === 'unreachable' || code === 'throttled';
}

/**
 * Why a request to storage failed.
 *
 * - `object_not_found`: only from `get` and `head`. A listing without matches is empty instead.
 * - `changed_while_read`: only when an object is read in ranges.
 * - `start_ignored`: only from `list` with `after`, if the service lists earlier keys all the same.
 * - `listing_too_large`: never from a driver. Code that keeps a listing in memory throws it beyond its limit.
 * - `throttled` and `unreachable` may be temporary. With all others, repeating the request does not help.
 */
export type StorageErrorCode =
  | 'bucket_not_found'
  | 'object_not_found'
  | 'changed_while_read'
  | 'start_ignored'
  | 'access_denied'
  | 'archived'
  | 'encrypted_customer_key'
  | 'listing_too_large'
  | 'throttled'
  | 'unreachable'
  | ServiceRefusal;

/** A request to a storage unit failed. The message names bucket and key, never a credential. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly code: StorageErrorCode;
  /** Milliseconds that the service asks to wait before the next request; null if it does not say. */
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
 * Reads the buckets that backups are stored in. Read-only by type: nothing here can change a bucket.
 *
 * Every method, and a body, throws the signal's reason when its `signal` is aborted. Every other failure is a
 * {@link StorageError}. A driver retries before it throws `unreachable`. It throws `throttled` immediately, because
 * everyone who uses the bucket must slow down: see budgeted-storage-unit.ts.
 *
 * Keys cannot leave their bucket: `..` segments and links that lead out are refused (`access_denied`) or not found.
 */
export interface StorageUnit extends AsyncDisposable {
  /** Name under which records refer to this storage unit. */
  readonly id: string;

  /**
   * Whether a listing is faster if several parts of it are requested at the same time: see ranges/list-in-ranges.ts
   * (default: false). A directory would read its names again for each part.
   */
  readonly listsRanges?: boolean | undefined;

  /**
   * Lists the objects whose key starts with `prefix`, sorted by the UTF-8 bytes of the key, each once. Yields pages of
   * at most {@link listPageEntriesMax} objects, or one empty page if there are none.
   *
   * The listing ends only when it is complete; otherwise it throws. A missing bucket throws `bucket_not_found` and is
   * never an empty listing. Each page is one request, made when the page is asked for. A caller that stops, or
   * continues elsewhere with `after`, saves the remaining requests. Only `listInRanges` requests pages of a long listing
   * ahead.
   */
  list(request: ListRequest): AsyncIterable<readonly ObjectEntry[]>;

  /**
   * Lists the folders directly below `prefix`: the common beginnings of keys up to and including the next "/". Each
   * occurs once; order, pages and errors are those of `list`.
   *
   * Objects outside any folder are not shown but take up room in pages, so a page may be empty without being the last.
   * A directory may show a folder that has no objects.
   */
  listFolders(request: ListFoldersRequest): AsyncIterable<readonly string[]>;

  /**
   * Reads an object, or with `range` these bytes of that version of it. A reader therefore never combines ranges of two
   * versions.
   *
   * A range throws `changed_while_read` if another version is there, or appears before the last byte. It throws
   * `RangeError`, without a request, if the version has no such range. The body yields all bytes of the range or
   * throws.
   *
   * A driver requests the version (HTTP: `If-Match`) and also checks the answer, because not all services comply.
   * MinIO's gateway to directories ignored `If-Match` (minio#1981), and others ignored it for ranges only. Ceph may
   * answer an invalid range with the whole object (`rgw_ignore_get_invalid_range`). Amazon's own clients that read in
   * ranges send `If-Match` and trust the answer.
   */
  get(request: GetRequest): Promise<ObjectContent>;

  /** Describes one object without reading it. */
  head(request: ObjectRequest): Promise<ObjectHead>;

  /**
   * Admits a request of another client as if it were made here: it uses the same budget, and is counted and measured
   * with the others. Calls `begin` when it is the request's turn, and again after the bucket was throttled. Throws the
   * last error of `begin`.
   */
  admit(request: OutsideRequest): Promise<NoteBytes>;
}

import { Readable } from 'node:stream';
import {
  GetObjectCommand,
  type GetObjectCommandInput,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { changedWhileRead, refuseImpossibleRange } from '../bound-range.ts';
import { describeBucket, describeObject, refuseUnsafeBucket, refuseUnsafeKey } from '../names.ts';
import {
  type GetRequest,
  type ListFoldersRequest,
  type ListRequest,
  type NoteBytes,
  type ObjectContent,
  type ObjectEntry,
  type ObjectHead,
  type ObjectRequest,
  type OutsideRequest,
  StorageError,
  type StorageUnit,
} from '../port.ts';
import { readS3Body } from './s3-body.ts';
import { createS3Client, type S3Options } from './s3-client.ts';
import { statusOf, toStorageError } from './s3-error.ts';
import { type ListingTools, listFolderPages, listPages, plainEtag } from './s3-listing.ts';
import { ListingVersions } from './s3-listing-request.ts';
import { confirmRange, isOfAnotherVersion, rangeHeaders } from './s3-range.ts';

/**
 * Opens a service that speaks S3: Amazon S3, OBS, MinIO, Ceph and the like. Nothing is requested before the first call,
 * because the credentials may only have the right to read certain buckets.
 */
export async function openS3StorageUnit({ id, ...options }: S3Options & { readonly id: string }): Promise<StorageUnit> {
  return new S3StorageUnit(id, createS3Client(options), options.onNotice);
}

/** A storage unit over an S3 client. Closing the unit closes the client. */
export class S3StorageUnit implements StorageUnit {
  readonly id: string;
  readonly listsRanges = true;
  readonly #client: S3Client;
  readonly #tools: ListingTools;

  constructor(id: string, client: S3Client, onNotice: (text: string) => void = () => {}) {
    this.id = id;
    this.#client = client;
    this.#tools = { client, versions: new ListingVersions(onNotice) };
  }

  list(request: ListRequest): AsyncGenerator<readonly ObjectEntry[]> {
    return this.#listing(request, (subject) => listPages(this.#tools, request, subject));
  }

  listFolders(request: ListFoldersRequest): AsyncGenerator<readonly string[]> {
    return this.#listing(request, (subject) => listFolderPages(this.#tools, request, subject));
  }

  async *#listing<Page>(
    { bucket, prefix, signal }: ListFoldersRequest,
    pages: (subject: string) => AsyncIterable<Page>,
  ): AsyncGenerator<Page> {
    refuseUnsafe(bucket);
    const place = describeBucket(bucket);
    const subject = prefix === '' ? place : `${JSON.stringify(prefix)}* in ${place}`;
    try {
      yield* pages(subject);
    } catch (error) {
      signal?.throwIfAborted();
      const mapped = toStorageError(error, subject);
      // No object can be missing for a listing, so something other than S3 answers.
      throw mapped.code === 'object_not_found' ? new StorageError('unreachable', mapped.message) : mapped;
    }
  }

  async get(request: GetRequest): Promise<ObjectContent> {
    refuseUnsafe(request.bucket, request.key);
    const { range, signal } = request;
    if (range !== undefined) refuseImpossibleRange(range);
    const subject = describeObject(request.bucket, request.key);
    const answer = await this.#getObject(request, subject, range && rangeHeaders(range));
    const { Body: stream, ContentLength: length, LastModified: modifiedAt } = answer;
    try {
      if (range !== undefined) confirmRange(answer, range, subject);
      if (!(stream instanceof Readable) || length === undefined || modifiedAt === undefined) {
        throw new StorageError('unreachable', `${subject}: the answer lacks Content-Length or Last-Modified`);
      }
    } catch (error) {
      if (stream instanceof Readable) stream.destroy();
      throw error;
    }
    // The reader of the body sees its errors. Without a listener, an earlier error would end the process.
    stream.on('error', () => {});
    return {
      size: range?.of.size ?? length,
      etag: plainEtag(answer.ETag),
      modifiedAtMs: modifiedAt.getTime(),
      body: readS3Body(stream, length, subject, signal),
    };
  }

  async head({ bucket, key, signal }: ObjectRequest): Promise<ObjectHead> {
    signal?.throwIfAborted();
    refuseUnsafe(bucket, key);
    const subject = describeObject(bucket, key);
    try {
      const answer = await this.#client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }), withSignal(signal));
      if (answer.ContentLength === undefined || answer.LastModified === undefined) {
        throw new StorageError('unreachable', `${subject}: the answer lacks Content-Length or Last-Modified`);
      }
      const { ServerSideEncryption: encryption } = answer;
      return {
        size: answer.ContentLength,
        etag: plainEtag(answer.ETag),
        modifiedAtMs: answer.LastModified.getTime(),
        // 'AES256' means the service's own key. On AWS the ETag is still the MD5; elsewhere it may not be.
        encryptedByKey:
          answer.SSECustomerAlgorithm !== undefined || (encryption !== undefined && encryption !== 'AES256'),
      };
    } catch (error) {
      signal?.throwIfAborted();
      throw await this.#explainHead(error, { bucket, key, ...(signal && { signal }) }, subject);
    }
  }

  async admit({ begin }: OutsideRequest): Promise<NoteBytes> {
    await begin();
    return () => {};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.destroy();
  }

  async #getObject(
    { bucket, key, range, signal }: GetRequest,
    subject: string,
    headers: Pick<GetObjectCommandInput, 'Range' | 'IfMatch'> = {},
  ): Promise<GetObjectCommandOutput> {
    signal?.throwIfAborted();
    try {
      const command = new GetObjectCommand({ Bucket: bucket, Key: key, ...headers });
      return await this.#client.send(command, withSignal(signal));
    } catch (error) {
      signal?.throwIfAborted();
      if (range !== undefined && isOfAnotherVersion(error)) throw changedWhileRead(subject);
      throw toStorageError(error, subject);
    }
  }

  /**
   * Finds the cause of a failed HEAD by another request if the status leaves it open: an answer to HEAD has no body.
   */
  async #explainHead(error: unknown, request: ObjectRequest, subject: string): Promise<StorageError> {
    const status = statusOf(error);
    try {
      if (status === 404) {
        // Is the bucket missing, or the object?
        const { bucket, key, signal } = request;
        const pages = this.list({ bucket, prefix: key, ...(signal && { signal }) });
        for await (const _ of pages) break;
      } else if (status === 501 || (status !== undefined && status >= 300 && status < 500 && status !== 429)) {
        // Is it a customer's key, expired credentials, or another region?
        const answer = await this.#getObject(request, subject, { Range: 'bytes=0-0' });
        if (answer.Body instanceof Readable) answer.Body.destroy();
      }
    } catch (cause) {
      request.signal?.throwIfAborted();
      return toStorageError(cause, subject);
    }
    return toStorageError(error, subject);
  }
}

function withSignal(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal ? { abortSignal: signal } : {};
}

/** Throws `access_denied` for names that the SDK treats as something other than a plain bucket. */
function refuseUnsafe(bucket: string, key?: string): void {
  if (key === undefined) refuseUnsafeBucket(bucket);
  else refuseUnsafeKey(bucket, key);
  if (/^arn:/i.test(bucket)) {
    throw new StorageError('access_denied', `${describeBucket(bucket)}: the name is an ARN; give the bucket's name`);
  }
  if (/--xa?-s3$/.test(bucket)) {
    const problem = 'the name is that of an S3 directory bucket or its access point, whose listings are not sorted';
    throw new StorageError('access_denied', `${describeBucket(bucket)}: ${problem}`);
  }
}

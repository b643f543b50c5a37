import { IncomingMessage } from 'node:http';
import {
  ListObjectsCommand,
  type ListObjectsCommandOutput,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { HttpResponse } from '@smithy/core/protocols';
import { describeBucket } from '../names.ts';
import { listPageEntriesMax, type ObjectEntry } from '../port.ts';
import { readListedObjects } from './s3-listed-objects.ts';
import { decoderOf } from './s3-names.ts';

/** The answer to ListObjectsV2 or ListObjects. */
export type ListingAnswer = Pick<
  ListObjectsV2CommandOutput,
  'Contents' | 'CommonPrefixes' | 'EncodingType' | 'IsTruncated'
> &
  Partial<Pick<ListObjectsV2CommandOutput, 'KeyCount' | 'NextContinuationToken' | 'StartAfter'>> &
  Partial<Pick<ListObjectsCommandOutput, 'NextMarker'>> & {
    /** The objects, with decoded keys; null if only the SDK could read them: then they are in `Contents`. */
    readonly objects: readonly ObjectEntry[] | null;
  };

/** A request for one page. */
type PageRequest = {
  readonly bucket: string;
  readonly prefix: string;
  readonly delimiter: '/' | undefined;
  /** All keys up to and including this one have been seen. */
  readonly position: string | undefined;
  readonly token: string | undefined;
  readonly signal: AbortSignal | undefined;
};

/** Remembers which buckets do not support ListObjectsV2 and are listed with ListObjects. Reports each bucket once. */
export class ListingVersions {
  readonly #v1 = new Set<string>();
  readonly #onNotice: (text: string) => void;

  constructor(onNotice: (text: string) => void) {
    this.#onNotice = onNotice;
  }

  isV1(bucket: string): boolean {
    return this.#v1.has(bucket);
  }

  fallBack(bucket: string): void {
    if (this.#v1.has(bucket)) return;
    this.#v1.add(bucket);
    const name = describeBucket(bucket);
    this.#onNotice(
      `${name.charAt(0).toUpperCase()}${name.slice(1)} does not support ListObjectsV2. ListObjects is used instead.`,
    );
  }
}

export async function askV2(client: S3Client, page: PageRequest): Promise<ListingAnswer> {
  const { position, token } = page;
  const from = token !== undefined ? { ContinuationToken: token } : position !== undefined && { StartAfter: position };
  const answer = await client.send(new ListObjectsV2Command({ ...partOf(page), ...from }), optionsOf(page));
  return withObjects(answer);
}

export async function askV1(client: S3Client, page: PageRequest): Promise<ListingAnswer> {
  const from = page.position !== undefined && { Marker: page.position };
  return withObjects(await client.send(new ListObjectsCommand({ ...partOf(page), ...from }), optionsOf(page)));
}

/** The objects of each answer from which they were taken; null if the SDK reads the whole answer. */
const takenObjects = new WeakMap<object, readonly ObjectEntry[] | null>();

function withObjects<Answer extends object>(answer: Answer): Answer & Pick<ListingAnswer, 'objects'> {
  const objects = takenObjects.get(answer);
  // Without this, a listing could seem empty.
  if (objects === undefined) throw new Error('the SDK has replaced the answer to a listing');
  return { ...answer, objects };
}

const errorEnd = Buffer.from('</Error>');

/** Makes a client take the objects out of the answers to listings before the SDK reads them. */
export function takeListedObjects({ middlewareStack }: Pick<S3Client, 'middlewareStack'>): void {
  const ofCalls = new WeakMap<object, readonly ObjectEntry[] | null>();
  middlewareStack.add(
    (next, context) => {
      if (!isListing(context)) return next;
      return async (request) => {
        ofCalls.set(context, null);
        const result = await next(request);
        const { response } = result;
        if (!HttpResponse.isInstance(response) || response.statusCode >= 300) return result;
        if (!(response.body instanceof IncomingMessage)) return result;
        const pieces: Uint8Array[] = [];
        for await (const piece of response.body) pieces.push(piece);
        const body = Buffer.concat(pieces);
        // A service may have begun to answer with status 200 before it failed.
        if (body.subarray(-errorEnd.length).equals(errorEnd)) response.statusCode = 503;
        const listed = readListedObjects(body);
        ofCalls.set(context, listed?.objects ?? null);
        response.body = listed?.rest ?? body;
        return result;
      };
    },
    // Between the SDK's reading of the answer and the watch over its bytes: see s3-client.ts.
    { name: 'takeListedObjects', step: 'deserialize' },
  );
  middlewareStack.add(
    (next, context) => {
      if (!isListing(context)) return next;
      return async (request) => {
        const result = await next(request);
        const objects = ofCalls.get(context);
        if (objects !== undefined) takenObjects.set(result.output, objects);
        return result;
      };
    },
    { name: 'keepListedObjects', step: 'initialize', priority: 'high' },
  );
}

function isListing({ commandName }: { readonly commandName?: string }): boolean {
  return commandName === ListObjectsV2Command.name || commandName === ListObjectsCommand.name;
}

/**
 * Whether a service has answered ListObjectsV2 as if it were ListObjects. Answers to ListObjectsV2 have a KeyCount.
 * Some services that support it leave that out; a continuation token or the repeated start position then identifies it.
 */
export function isOfV1(answer: ListingAnswer, position: string | undefined): boolean {
  if (answer.KeyCount !== undefined || answer.NextContinuationToken !== undefined) return false;
  return answer.IsTruncated === true || (position !== undefined && answer.StartAfter === undefined);
}

/** The marker for the next page, for a page without entries. */
export function nextMarkerOf(answer: ListingAnswer): string | undefined {
  return answer.NextMarker === undefined ? undefined : decoderOf(answer)(answer.NextMarker);
}

function partOf({ bucket, prefix, delimiter }: PageRequest) {
  return {
    Bucket: bucket,
    Prefix: prefix,
    MaxKeys: listPageEntriesMax,
    // XML cannot carry every character of a key.
    EncodingType: 'url',
    ...(delimiter !== undefined && { Delimiter: delimiter }),
  } as const;
}

function optionsOf({ signal }: PageRequest): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

import { IncomingMessage } from 'node:http';
import { S3Client } from '@aws-sdk/client-s3';
import { HttpResponse } from '@smithy/core/protocols';
import { StandardRetryStrategy } from '@smithy/core/retry';
import { toStorageError } from './s3-error.ts';
import { endWhenSilent, systemTicker } from './silent-answer.ts';

type S3Credentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
};

export type S3Options = {
  /** Address of the service, e.g. `https://obs.example.com`. */
  readonly endpoint: string;
  /** Region that requests are signed for. */
  readonly region: string;
  /** Without them the AWS SDK looks where it always does: environment, profiles, the machine's own role. */
  readonly credentials?: S3Credentials;
};

/** How long a service is waited for. */
export type S3Patience = {
  /** Requests made in all before a failure that may pass is thrown. Waits between them double. */
  readonly attemptsMax: number;
  readonly connectTimeoutMs: number;
  /** Time without a byte, of an answer or in its middle. */
  readonly idleTimeoutMs: number;
};

const defaultPatience: S3Patience = { attemptsMax: 6, connectTimeoutMs: 5_000, idleTimeoutMs: 60_000 };

/**
 * Requests that are throttled are not made again here: the bucket's budget must hear of it, since all who use the
 * bucket have to hold back. Nor is the SDK's adaptive mode of use, which slows all buckets down for one of them.
 */
class PatientUnlessThrottled extends StandardRetryStrategy {
  override async refreshRetryTokenForRetry(
    ...[token, cause]: Parameters<StandardRetryStrategy['refreshRetryTokenForRetry']>
  ): ReturnType<StandardRetryStrategy['refreshRetryTokenForRetry']> {
    if (toStorageError(cause.error, '').code === 'throttled') throw new Error('throttled: not made again here');
    return await super.refreshRetryTokenForRetry(token, cause);
  }
}

/** A client for any service that speaks S3. Does not contact it yet. */
export function createS3Client(
  { endpoint, region, credentials }: S3Options,
  { attemptsMax, connectTimeoutMs, idleTimeoutMs }: S3Patience = defaultPatience,
): S3Client {
  const client = new S3Client({
    endpoint,
    region,
    ...(credentials && { credentials }),
    forcePathStyle: true,
    // Other services do not know the checksums that the SDK would add and expect of late.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    retryStrategy: new PatientUnlessThrottled(attemptsMax),
    requestHandler: {
      connectionTimeout: connectTimeoutMs,
      // Until the answer begins; in its middle, see below.
      requestTimeout: idleTimeoutMs,
      throwOnRequestTimeout: true,
      // The SDK's own would also end an answer whose reader is slow, since nothing is read for it meanwhile.
      socketTimeout: 0,
      // Budgets bound the requests in flight. An answer that is kept open must not hold up what is read beside it.
      httpAgent: { maxSockets: Number.POSITIVE_INFINITY },
      httpsAgent: { maxSockets: Number.POSITIVE_INFINITY },
    },
  });
  client.middlewareStack.add(
    (next) => async (request) => {
      const result = await next(request);
      const { response } = result;
      if (HttpResponse.isInstance(response) && response.body instanceof IncomingMessage) {
        const { body } = response;
        const bytesCame = () => body.socket.bytesRead;
        endWhenSilent(body, { idleTimeoutMs, bytesCame, ticker: systemTicker });
      }
      return result;
    },
    // Next to the connection: before the SDK reads the answer.
    { name: 'endWhenSilent', step: 'deserialize', priority: 'low' },
  );
  return client;
}

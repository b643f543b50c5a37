import { IncomingMessage } from 'node:http';
import { S3Client } from '@aws-sdk/client-s3';
import { HttpResponse } from '@smithy/core/protocols';
import { StandardRetryStrategy } from '@smithy/core/retry';
import { systemClock } from '../../clock.ts';
import type { Network } from '../../network.ts';
import { toStorageError } from './s3-error.ts';
import { clockDifference } from './s3-words.ts';
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
  /** Where a bucket stands in an address: in the path, or in the host name. */
  readonly addressing?: 'path' | 'virtual' | undefined;
  /** Proxies; the authorities that are trusted are the thread's: see network.ts. */
  readonly network?: Network | undefined;
  /** Told in a plain sentence what was seen of the service that those who run this should know. */
  readonly onNotice?: ((text: string) => void) | undefined;
  /** Without them the AWS SDK looks where it always does: environment, profiles, the machine's own role. */
  readonly credentials?: S3Credentials;
};

/** How long a service is waited for. */
export type S3Patience = {
  /** Attempts of a request before a failure that may pass is thrown. Waits between them double. */
  readonly attemptsMax: number;
  readonly connectTimeoutMs: number;
  /** Time without a byte, of an answer or in its middle. */
  readonly idleTimeoutMs: number;
};

const defaultPatience: S3Patience = { attemptsMax: 6, connectTimeoutMs: 10_000, idleTimeoutMs: 60_000 };

/** The SDK signs by the clock of the service if the two differ by so much. Milliseconds. */
const signedByServiceFromMs = 4 * 60 * 1000;

/** Attempts of a request that is not answered in time: a connection may have been dropped without a word, but once. */
const attemptsInTimeMax = 2;

/**
 * Decides whether a request is made again.
 *
 * A refusal is not: it stays one. Throttled requests are not: the bucket's budget must hear of it, since all who use the bucket have to hold back. Nor is
 * the SDK's adaptive mode used, which slows all buckets down for one of them.
 */
class PatientUnlessThrottled extends StandardRetryStrategy {
  readonly #attemptsMax: number;

  constructor(attemptsMax: number) {
    super(attemptsMax);
    this.#attemptsMax = attemptsMax;
  }

  override async refreshRetryTokenForRetry(
    ...[token, cause]: Parameters<StandardRetryStrategy['refreshRetryTokenForRetry']>
  ): ReturnType<StandardRetryStrategy['refreshRetryTokenForRetry']> {
    const failure = toStorageError(cause.error, '');
    // The SDK signs by the service's clock once it has seen it, and then the same request may succeed.
    const isOfClock = failure.code === 'storage_clock_skewed' || failure.code === 'storage_secret_wrong';
    const maySucceed = failure.code === 'unreachable' || (isOfClock && clockWasCorrected(cause.error));
    if (!maySucceed) throw new Error('refused: not made again');
    const isTimeout = cause.error instanceof Error && cause.error.name === 'TimeoutError';
    if (isTimeout && token.getRetryCount() + 1 >= attemptsInTimeMax) throw new Error('not answered in time again');
    // A strategy has a quota of retries for all buckets: one that fails would use it up for the others.
    return await new StandardRetryStrategy(this.#attemptsMax).refreshRetryTokenForRetry(token, cause);
  }
}

function clockWasCorrected(error: unknown): boolean {
  const metadata = error instanceof Error && '$metadata' in error ? error.$metadata : null;
  return typeof metadata === 'object' && metadata !== null && 'clockSkewCorrected' in metadata;
}

/** Says once how much the clock of a service differs. The SDK then signs by that clock, so that nothing else shows it. */
function noticeOfClock(onNotice: (text: string) => void): (date: string | undefined) => void {
  let isTold = false;
  return (date) => {
    const words = isTold ? null : clockDifference(date ?? null, systemClock.nowMs());
    if (words === null || words.differenceMs < signedByServiceFromMs) return;
    isTold = true;
    onNotice(`This machine's clock is ${words.text} that of the storage unit. Requests are signed by the latter.`);
  };
}

/** A client for any service that speaks S3. Does not contact it yet. */
export function createS3Client(
  { endpoint, region, credentials, addressing = 'path', network, onNotice = () => {} }: S3Options,
  { attemptsMax, connectTimeoutMs, idleTimeoutMs }: S3Patience = defaultPatience,
): S3Client {
  // The SDK makes agents of its own, which know nothing of the global one's proxies.
  const proxied = network?.proxies ? { proxyEnv: network.proxies } : {};
  const client = new S3Client({
    endpoint,
    region,
    ...(credentials && { credentials }),
    forcePathStyle: addressing === 'path',
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
      httpAgent: { maxSockets: Number.POSITIVE_INFINITY, ...proxied },
      httpsAgent: { maxSockets: Number.POSITIVE_INFINITY, ...proxied },
    },
  });
  const watchClock = noticeOfClock(onNotice);
  client.middlewareStack.add(
    (next) => async (request) => {
      const result = await next(request);
      const { response } = result;
      if (HttpResponse.isInstance(response)) watchClock(response.headers.date);
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

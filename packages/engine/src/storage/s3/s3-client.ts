import { IncomingMessage } from 'node:http';
import { S3Client } from '@aws-sdk/client-s3';
import { HttpResponse, parseUrl } from '@smithy/core/protocols';
import { StandardRetryStrategy } from '@smithy/core/retry';
import { systemClock } from '../../clock.ts';
import type { Network } from '../../network.ts';
import { proxyAtFault } from '../../proxy-fault.ts';
import { toStorageError } from './s3-error.ts';
import { takeListedObjects } from './s3-listing-request.ts';
import { economise } from './s3-middlewares.ts';
import { clockDifference } from './s3-words.ts';
import { SignatureHash } from './signature-hash.ts';
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
  /** Part of the address that names the bucket: the path (default) or the host name (`virtual`). */
  readonly addressing?: 'path' | 'virtual' | undefined;
  /** Only the proxies are used here. Trusted authorities are set for the whole thread: see network.ts. */
  readonly network?: Network | undefined;
  /** Called with a plain sentence when the service shows something that operators should know. */
  readonly onNotice?: ((text: string) => void) | undefined;
  /** Default: the AWS SDK's usual sources, which are the environment, profiles and the machine's role. */
  readonly credentials?: S3Credentials;
};

/** Timeouts and retries. */
export type S3Patience = {
  /** Attempts per request when a failure may be temporary. The wait between attempts doubles. */
  readonly attemptsMax: number;
  readonly connectTimeoutMs: number;
  /** Longest time without a byte, before an answer begins or in its middle. */
  readonly idleTimeoutMs: number;
};

const defaultPatience: S3Patience = { attemptsMax: 6, connectTimeoutMs: 10_000, idleTimeoutMs: 60_000 };

/** From this difference on, the SDK signs with the service's time. Milliseconds. */
const signedByServiceFromMs = 4 * 60 * 1000;

/** Attempts of a request that times out. One retry is worthwhile: the connection may have been dropped silently. */
const attemptsInTimeMax = 2;

/**
 * Retries requests unless they were refused or throttled.
 *
 * A refusal stays a refusal. A throttled request goes to the bucket's budget instead, because everyone who uses the
 * bucket must slow down. The SDK's adaptive mode is not used: it slows down all buckets because of one.
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
    // Once the SDK has seen the service's time, it signs with that time, and the same request may succeed.
    const isOfClock = failure.code === 'storage_clock_skewed' || failure.code === 'storage_secret_wrong';
    const maySucceed = failure.code === 'unreachable' || (isOfClock && clockWasCorrected(cause.error));
    if (!maySucceed) throw new Error('refused: not retried');
    const isTimeout = cause.error instanceof Error && cause.error.name === 'TimeoutError';
    if (isTimeout && token.getRetryCount() + 1 >= attemptsInTimeMax) throw new Error('timed out again: not retried');
    // A strategy has one retry quota for all buckets: a failing bucket would use it up for the others.
    return await new StandardRetryStrategy(this.#attemptsMax).refreshRetryTokenForRetry(token, cause);
  }
}

function clockWasCorrected(error: unknown): boolean {
  const metadata = error instanceof Error && '$metadata' in error ? error.$metadata : null;
  return typeof metadata === 'object' && metadata !== null && 'clockSkewCorrected' in metadata;
}

/** Reports a clock difference once. The SDK then signs with the service's time, so nothing else would show it. */
function noticeOfClock(onNotice: (text: string) => void): (date: string | undefined) => void {
  let isTold = false;
  return (date) => {
    const words = isTold ? null : clockDifference(date ?? null, systemClock.nowMs());
    if (words === null || words.differenceMs < signedByServiceFromMs) return;
    isTold = true;
    onNotice(
      `This machine's clock is ${words.text} the storage unit's. Requests are signed with the storage unit's time.`,
    );
  };
}

/** Names the proxy in the message of an error if it could not be reached. */
function withProxy(error: unknown, url: URL, proxies: Network['proxies']): unknown {
  const proxy = proxyAtFault(error, url, proxies);
  if (proxy === null || !(error instanceof Error)) return error;
  error.message = `the proxy ${proxy} cannot be reached: ${error.message}`;
  return error;
}

/** Creates a client for any service that speaks S3, without contacting it. */
export function createS3Client(
  { endpoint, region, credentials, addressing = 'path', network, onNotice = () => {} }: S3Options,
  { attemptsMax, connectTimeoutMs, idleTimeoutMs }: S3Patience = defaultPatience,
): S3Client {
  // The SDK creates its own agents, which do not use the global agent's proxies.
  const proxied = network?.proxies ? { proxyEnv: network.proxies } : {};
  const forcePathStyle = addressing === 'path';
  const client = new S3Client({
    endpoint: parseUrl(endpoint),
    region,
    sha256: SignatureHash,
    ...(credentials && { credentials }),
    forcePathStyle,
    retryStrategy: new PatientUnlessThrottled(attemptsMax),
    requestHandler: {
      connectionTimeout: connectTimeoutMs,
      // Applies until the answer begins. For silence in its middle, see below.
      requestTimeout: idleTimeoutMs,
      throwOnRequestTimeout: true,
      // The SDK's own timeout would also end an answer whose reader is slow, because nothing is read meanwhile.
      socketTimeout: 0,
      // Budgets limit the requests in flight. An answer that stays open must not block other reads.
      httpAgent: { maxSockets: Number.POSITIVE_INFINITY, ...proxied },
      httpsAgent: { maxSockets: Number.POSITIVE_INFINITY, ...proxied },
    },
  });
  // Parsed and printed as the SDK does.
  economise(client, { endpoint: new URL(endpoint).href, region, forcePathStyle });
  takeListedObjects(client);
  const watchClock = noticeOfClock(onNotice);
  client.middlewareStack.add(
    (next) => async (request) => {
      const result = await next(request).catch((error: unknown) => {
        throw withProxy(error, new URL(endpoint), network?.proxies ?? null);
      });
      const { response } = result;
      if (HttpResponse.isInstance(response)) watchClock(response.headers.date);
      if (HttpResponse.isInstance(response) && response.body instanceof IncomingMessage) {
        const { body } = response;
        const bytesCame = () => body.socket.bytesRead;
        endWhenSilent(body, { idleTimeoutMs, bytesCame, ticker: systemTicker });
      }
      return result;
    },
    // Closest to the connection, so that it runs before the SDK reads the answer.
    { name: 'endWhenSilent', step: 'deserialize', priority: 'low' },
  );
  return client;
}

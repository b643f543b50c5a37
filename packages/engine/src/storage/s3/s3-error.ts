import { StorageError, type StorageErrorCode } from '../port.ts';

/** What S3 and services like it call their errors, where the HTTP status alone does not say it. */
const codesOfS3: ReadonlyMap<string, StorageErrorCode> = new Map([
  ['NoSuchBucket', 'bucket_not_found'],
  ['InvalidBucketName', 'bucket_not_found'],
  ['NoSuchKey', 'object_not_found'],
  ['NotFound', 'object_not_found'],
  ['KeyTooLongError', 'object_not_found'],
  ['InvalidURI', 'object_not_found'],
  ['InvalidObjectState', 'archived'],
  ['AccessDenied', 'access_denied'],
  ['AllAccessDisabled', 'access_denied'],
  ['AccountProblem', 'access_denied'],
  ['AuthorizationHeaderMalformed', 'access_denied'],
  ['ExpiredToken', 'access_denied'],
  ['InvalidAccessKeyId', 'access_denied'],
  ['InvalidToken', 'access_denied'],
  ['RequestTimeTooSkewed', 'access_denied'],
  ['SignatureDoesNotMatch', 'access_denied'],
  ['TokenRefreshRequired', 'access_denied'],
  ['BandwidthLimitExceeded', 'throttled'],
  ['RequestLimitExceeded', 'throttled'],
  ['SlowDown', 'throttled'],
  ['Throttling', 'throttled'],
  ['ThrottlingException', 'throttled'],
  ['TooManyRequests', 'throttled'],
]);

const codesOfStatus: ReadonlyMap<number, StorageErrorCode> = new Map([
  [401, 'access_denied'],
  [403, 'access_denied'],
  [429, 'throttled'],
  [503, 'throttled'],
]);

/** S3 has no code of its own for an object that wants the customer's key; it says so in words. */
const customerKeyWords = /server.side encryption|customer.provided key|SSE-C/i;

/**
 * The error that storage throws for one of the AWS SDK. `subject` names the bucket and key.
 *
 * The SDK's error is not kept as the cause, nor the service's own words in the message: a refused signature comes back
 * with the access key and all that was signed.
 */
export function toStorageError(error: unknown, subject: string): StorageError {
  if (error instanceof StorageError) return error;
  if (!(error instanceof Error)) return new StorageError('unreachable', `${subject}: the request failed`);
  if (error.name === 'CredentialsProviderError') {
    const remedy = 'give them in the environment or a profile, where the AWS SDK looks for them';
    return new StorageError('access_denied', `${subject}: no credentials were found; ${remedy}`);
  }
  const status = statusOf(error);
  if (status === undefined) return new StorageError('unreachable', `${subject}: ${describeNetworkError(error)}`);

  const answer = /^[A-Za-z][\w.]{0,63}$/.test(error.name) ? `${error.name} (HTTP ${status})` : `HTTP ${status}`;
  const code = codeOf(error, status);
  const options = code === 'throttled' ? { retryAfterMs: retryAfterMsOf(error) } : {};
  return new StorageError(code, `${subject}: the service answers ${answer}`, options);
}

/** What the header Retry-After says, as milliseconds: it holds seconds, or a date. Null without one. */
function retryAfterMsOf(error: Error): number | null {
  const value = headerOf(error, 'retry-after');
  if (value === null) return null;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  // By the service's own clock, which its answer tells.
  const waitMs = Date.parse(value) - Date.parse(headerOf(error, 'date') ?? '');
  return Number.isNaN(waitMs) ? null : Math.max(0, waitMs);
}

/** A header of the answer that the error tells of. */
function headerOf(error: Error, name: string): string | null {
  const response = '$response' in error ? error.$response : null;
  if (typeof response !== 'object' || response === null || !('headers' in response)) return null;
  const { headers } = response;
  if (typeof headers !== 'object' || headers === null) return null;
  const value = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return typeof value === 'string' ? value : null;
}

/** HTTP status of the answer that the error tells of, if there was one. */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error && '$metadata' in error)) return undefined;
  const metadata = error.$metadata;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}

function codeOf(error: Error, status: number): StorageErrorCode {
  if (status === 400 && customerKeyWords.test(error.message)) return 'encrypted_customer_key';
  // The key service refuses, or the key is disabled or gone.
  if (error.name.startsWith('KMS.')) return 'access_denied';
  // What remains includes a 404 or a page that is not S3's: an address where something else answers.
  return codesOfS3.get(error.name) ?? codesOfStatus.get(status) ?? 'unreachable';
}

function describeNetworkError(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  // The SDK names these TimeoutError as well.
  if (code === 'ECONNRESET' || code === 'EPIPE') return `the service closed the connection (${code})`;
  if (error.name === 'TimeoutError') return 'the service does not answer in time';
  if (code === undefined) return 'the answer is not one of S3';
  // An attempt at several addresses fails with the code alone.
  return error.message === '' ? code : error.message;
}

import { untrustedCertificate } from '@backup-sync/contracts';
import { systemClock } from '../../clock.ts';
import { StorageError, type StorageErrorCode } from '../port.ts';
import { elementOf, headerOf, isOfRegion, own, serviceWords } from './s3-words.ts';

/** Error codes of S3 and similar services, for errors that the HTTP status alone does not identify. */
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
  ['AuthorizationHeaderMalformed', 'storage_wrong_region'],
  ['AuthorizationQueryParametersError', 'storage_wrong_region'],
  ['IllegalLocationConstraintException', 'storage_wrong_region'],
  ['InvalidRegion', 'storage_wrong_region'],
  ['InvalidRegionName', 'storage_wrong_region'],
  ['PermanentRedirect', 'storage_redirected'],
  ['Redirect', 'storage_redirected'],
  ['TemporaryRedirect', 'storage_redirected'],
  ['ExpiredToken', 'storage_token_expired'],
  ['ExpiredTokenException', 'storage_token_expired'],
  ['InvalidSecurityToken', 'storage_token_expired'],
  ['InvalidToken', 'storage_token_expired'],
  // MinIO
  ['InvalidTokenId', 'storage_token_expired'],
  ['SecurityTokenExpired', 'storage_token_expired'],
  ['TokenRefreshRequired', 'storage_token_expired'],
  ['InvalidAccessKeyId', 'storage_key_unknown'],
  // Google
  ['InvalidSecurity', 'storage_key_unknown'],
  ['SignatureDoesNotMatch', 'storage_secret_wrong'],
  ['RequestExpired', 'storage_clock_skewed'],
  ['RequestInTheFuture', 'storage_clock_skewed'],
  ['RequestTimeTooSkewed', 'storage_clock_skewed'],
  // Alibaba, Tencent, Huawei and Volcengine
  ['SecondLevelDomainForbidden', 'storage_virtual_hosts_only'],
  ['PathStyleDomainForbidden', 'storage_virtual_hosts_only'],
  ['VirtualHostDomainRequired', 'storage_virtual_hosts_only'],
  ['InvalidPathAccess', 'storage_virtual_hosts_only'],
  ['MethodNotAllowed', 'storage_not_implemented'],
  ['NotImplemented', 'storage_not_implemented'],
  ['BandwidthLimitExceeded', 'throttled'],
  ['RequestLimitExceeded', 'throttled'],
  ['SlowDown', 'throttled'],
  ['Throttling', 'throttled'],
  ['ThrottlingException', 'throttled'],
  ['TooManyRequests', 'throttled'],
  // These come with status 400 or 409, yet the same request may succeed later.
  ['BadDigest', 'unreachable'],
  ['IncompleteBody', 'unreachable'],
  ['OperationAborted', 'unreachable'],
  ['RequestTimeout', 'unreachable'],
]);

const codesOfStatus: ReadonlyMap<number, StorageErrorCode> = new Map([
  [301, 'storage_redirected'],
  [302, 'storage_redirected'],
  [307, 'storage_redirected'],
  [308, 'storage_redirected'],
  [401, 'access_denied'],
  [403, 'access_denied'],
  // Sent by a proxy.
  [407, 'storage_request_refused'],
  [429, 'throttled'],
  [501, 'storage_not_implemented'],
  [503, 'throttled'],
]);

/** The advice if an answer is not S3's. */
export const checkAddress = 'check that this is the address of the S3 API';

/** S3 has no separate code for an object encrypted with the customer's key; only the message says so. */
const customerKeyWords = /server.side encryption|customer.provided key|SSE-C/i;

/**
 * Converts an error of the AWS SDK to a {@link StorageError}. `subject` names the bucket and key.
 *
 * The SDK's error is not kept as the cause: for a refused signature, the service returns the access key and the signed
 * text.
 */
export function toStorageError(error: unknown, subject: string): StorageError {
  if (error instanceof StorageError) return error;
  if (!(error instanceof Error)) return new StorageError('unreachable', `${subject}: the request failed`);
  if (/^(?:Credentials|Token)ProviderError$/.test(error.name)) {
    return new StorageError('storage_credentials_missing', `${subject}: ${describeMissing(error)}`);
  }
  const status = statusOf(error);
  if (status === undefined) {
    const code = codeOfNetworkError(error);
    return new StorageError(code, `${subject}: ${describeNetworkError(error)}`);
  }

  const hasCode = elementOf(error, 'Code') !== null;
  const isName = hasCode && /^[A-Za-z][\w.]{0,63}$/.test(error.name);
  const answer = isName ? `${error.name} (HTTP ${status})` : `HTTP ${status}`;
  const code = codeOf(error, status);
  const options = code === 'throttled' ? { retryAfterMs: retryAfterMsOf(error) } : {};
  const words = hasCode ? serviceWords(code, error, systemClock.nowMs()) : wordsOnForeign(code, error, status);
  return new StorageError(code, `${subject}: the service answers ${answer}${words}`, options);
}

/**
 * Describes an answer without an S3 error code. An answer to HEAD never has one; another request then asks again.
 *
 * A page with status 200 may be the web console of the service, or a page that a proxy shows for a while. So its code
 * stays `unreachable`, which is retried.
 */
function wordsOnForeign(code: StorageErrorCode, error: Error, status: number): string {
  if (code === 'unreachable' && status < 500) {
    const isHtml = /\bhtml\b/i.test(headerOf(error, 'content-type') ?? '');
    if (isHtml) return ` with HTML, not as S3; ${checkAddress}`;
    if (status < 300) return ` without the XML of S3; ${checkAddress}`;
  }
  if (status === 407) return '; a proxy requires a user name and password';
  if (code === 'access_denied') return '; it has no S3 error code, so it may come from a proxy or another service';
  return serviceWords(code, error, systemClock.nowMs());
}

/** The header Retry-After in milliseconds; null without it. The header has seconds or a date. */
function retryAfterMsOf(error: Error): number | null {
  const value = headerOf(error, 'retry-after');
  if (value === null) return null;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  // Compared with the service's own time, which is in the same answer.
  const waitMs = Date.parse(value) - Date.parse(headerOf(error, 'date') ?? '');
  return Number.isNaN(waitMs) ? null : Math.max(0, waitMs);
}

/** HTTP status of the answer that caused the error, if there was one. */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error && '$metadata' in error)) return undefined;
  const metadata = error.$metadata;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}

function codeOf(error: Error, status: number): StorageErrorCode {
  if (status === 400 && customerKeyWords.test(error.message)) return 'encrypted_customer_key';
  // The key service refuses, or the key is disabled or deleted.
  if (error.name.startsWith('KMS.')) return 'access_denied';
  // Alibaba's answer for a bucket in another region. Other services name an endpoint only in a redirect.
  if (status === 403 && elementOf(error, 'Endpoint') !== null) return 'storage_redirected';
  // The header may be malformed for another reason, such as an invalid access key.
  if (error.name === 'AuthorizationHeaderMalformed' && !isOfRegion(error)) return 'storage_request_refused';
  const code = codesOfS3.get(error.name) ?? codesOfStatus.get(status);
  if (code !== undefined) return code;
  // Without an S3 code, something other than S3 answers at this address.
  return status >= 400 && status < 500 && elementOf(error, 'Code') !== null ? 'storage_request_refused' : 'unreachable';
}

function codeOfNetworkError(error: Error): StorageErrorCode {
  if (untrustedCertificate(error) !== null) return 'storage_certificate_refused';
  const code = 'code' in error ? String(error.code) : '';
  // A 4xx answer of a proxy is final. With 5xx, the proxy could not reach the service, which may be temporary.
  const status = 'statusCode' in error ? Number(error.statusCode) : 0;
  return code === 'ERR_PROXY_TUNNEL' && status >= 400 && status < 500 ? 'storage_request_refused' : 'unreachable';
}

/** Avoids the SDK's message: it may contain the command line that provides the credentials. */
function describeMissing({ message }: Error): string {
  if (message.startsWith('Could not load credentials from any'))
    return 'neither the environment nor a profile has credentials';
  if (/\bsso\b|aws login|session/i.test(message))
    return 'the session of the profile has expired; log in again as you do for the aws command';
  return 'the configured profile or role provides no credentials';
}

function describeNetworkError(error: Error): string {
  const untrusted = untrustedCertificate(error);
  if (untrusted !== null) return untrusted;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  // The SDK names these TimeoutError as well.
  if (code === 'ECONNRESET' || code === 'EPIPE') return `the service closed the connection (${code})`;
  if (error.name === 'TimeoutError') return 'the service did not answer in time';
  if (code === undefined) return `the request failed: ${own(error)}`;
  // If several addresses were tried, the error has a code but no message.
  return error.message === '' ? code : error.message;
}

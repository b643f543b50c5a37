import { systemClock } from '../../clock.ts';
import { StorageError, type StorageErrorCode } from '../port.ts';
import { elementOf, headerOf, isOfRegion, serviceWords } from './s3-words.ts';

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
  // Of MinIO.
  ['InvalidTokenId', 'storage_token_expired'],
  ['SecurityTokenExpired', 'storage_token_expired'],
  ['TokenRefreshRequired', 'storage_token_expired'],
  ['InvalidAccessKeyId', 'storage_key_unknown'],
  // Of Google.
  ['InvalidSecurity', 'storage_key_unknown'],
  ['SignatureDoesNotMatch', 'storage_secret_wrong'],
  ['RequestExpired', 'storage_clock_skewed'],
  ['RequestInTheFuture', 'storage_clock_skewed'],
  ['RequestTimeTooSkewed', 'storage_clock_skewed'],
  // Of Alibaba, Tencent, Huawei and Volcengine.
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
  // Of status 400 or 409, though the same request may be answered the next time.
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
  // Of a proxy.
  [407, 'storage_request_refused'],
  [429, 'throttled'],
  [501, 'storage_not_implemented'],
  [503, 'throttled'],
]);

/** How Node says that it does not trust a certificate: by OpenSSL's names, or because it is for another host. */
const certificateCodes =
  /^(?:CERT_|DEPTH_ZERO_SELF_SIGNED_CERT|ERR_TLS_CERT_ALTNAME_INVALID|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(?:GET_ISSUER_CERT|VERIFY_LEAF_SIGNATURE))/;

/** S3 has no code of its own for an object that wants the customer's key; it says so in words. */
const customerKeyWords = /server.side encryption|customer.provided key|SSE-C/i;

/**
 * The error that storage throws for one of the AWS SDK. `subject` names the bucket and key.
 *
 * The SDK's error is not kept as the cause: a refused signature comes back with the access key and all that was signed.
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

/** Of an answer that names no code of S3. One to HEAD never does, and is then asked for again by another request. */
function wordsOnForeign(code: StorageErrorCode, error: Error, status: number): string {
  if (status === 407) return '; a proxy asks for its user and password';
  if (code === 'access_denied') return '; it names no code of S3, so a proxy or another service may have given it';
  return serviceWords(code, error, systemClock.nowMs());
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
  // Alibaba's answer for a bucket of another region: others name an endpoint in a redirect only.
  if (status === 403 && elementOf(error, 'Endpoint') !== null) return 'storage_redirected';
  // The header may be malformed for another reason, such as an access key that is none.
  if (error.name === 'AuthorizationHeaderMalformed' && !isOfRegion(error)) return 'storage_request_refused';
  const code = codesOfS3.get(error.name) ?? codesOfStatus.get(status);
  if (code !== undefined) return code;
  // Without a code of its own it is a page that is not S3's: an address where something else answers.
  return status >= 400 && status < 500 && elementOf(error, 'Code') !== null ? 'storage_request_refused' : 'unreachable';
}

function codeOfNetworkError(error: Error): StorageErrorCode {
  const code = 'code' in error ? String(error.code) : '';
  if (certificateCodes.test(code)) return 'storage_certificate_refused';
  // A proxy that will not connect to the service does not change its mind, unless the service is what it waits for.
  const status = 'statusCode' in error ? Number(error.statusCode) : 0;
  return code === 'ERR_PROXY_TUNNEL' && status >= 400 && status < 500 ? 'storage_request_refused' : 'unreachable';
}

/** Not in the SDK's words: they may have the command line in them that is to give the credentials. */
function describeMissing({ message }: Error): string {
  if (message.startsWith('Could not load credentials from any')) return 'neither the environment nor a profile has any';
  if (/\bsso\b|aws login|session/i.test(message))
    return 'the session of the profile has ended: log in again as for the aws command';
  return 'the profile or role that is configured gives none';
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

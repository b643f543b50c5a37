import { quote } from '../../quote.ts';
import { duration } from '../duration.ts';
import type { StorageErrorCode } from '../port.ts';

/** A host name of at most 253 characters, with or without a scheme and port. */
const hostPattern = /^(?:https?:\/\/)?[A-Za-z0-9.:[\]-]{1,253}$/;
const regionPattern = /^[A-Za-z0-9-]{1,64}$/;
/** Matches "expecting 'eu-west-3'", or a region in a scope such as '20260302/garage/s3/aws4_request'. */
const expectedRegion = /expect\w*:? ['"](?:\d{8}\/)?([A-Za-z0-9-]{1,64})(?:\/[^'"]*)?['"]/i;
/** Matches long words of letters and digits, which may be a key, a signature or a token. */
const secretWord = /(?=[\w+/=-]*\d)(?=[\w+/=-]*[A-Za-z])[\w+/=-]{16,}/g;

/**
 * Details of a refusal that help to fix it: region, endpoint, clock difference, or the service's own words. Begins with
 * "; ", or is empty if there are none. The service's words are untrusted: they are cut, made printable, and stripped of
 * anything that may be a credential.
 */
export function serviceWords(code: StorageErrorCode, error: Error, nowMs: number): string {
  switch (code) {
    case 'storage_wrong_region':
      return regionWords(error);
    case 'storage_redirected':
      return endpointWords(error);
    case 'storage_clock_skewed':
      return clockWords(headerOf(error, 'date'), nowMs);
    case 'storage_not_implemented':
    case 'storage_request_refused':
      return `; the service says ${own(error)}`;
    default:
      return '';
  }
}

/**
 * Compares this machine's clock with the date of an answer; `text` is like "2 min behind". Null without a valid date.
 */
export function clockDifference(
  date: string | null,
  nowMs: number,
): { readonly differenceMs: number; readonly text: string } | null {
  const aheadMs = nowMs - Date.parse(date ?? '');
  if (Number.isNaN(aheadMs)) return null;
  const differenceMs = Math.abs(aheadMs);
  return { differenceMs, text: `${duration(differenceMs)} ${aheadMs < 0 ? 'behind' : 'ahead of'}` };
}

/** A header of the answer that caused the error; null without it. */
export function headerOf(error: Error, name: string): string | null {
  const response = '$response' in error ? error.$response : null;
  if (typeof response !== 'object' || response === null || !('headers' in response)) return null;
  const { headers } = response;
  if (typeof headers !== 'object' || headers === null) return null;
  const value = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return typeof value === 'string' ? value : null;
}

/** An element of the service's XML, which the SDK copies to its error; null without it. */
export function elementOf(error: Error, name: 'Bucket' | 'Code' | 'Region' | 'Endpoint'): string | null {
  const value = (error as Partial<Record<typeof name, unknown>>)[name];
  return typeof value === 'string' ? value : null;
}

function regionWords(error: Error): string {
  const region = regionOf(error);
  if (region !== null) return `; the service expects region ${quote(region)}`;
  return `; the service does not name the region it expects; it says ${own(error)}`;
}

/** Whether the service refused the authorization header because of its region. */
export function isOfRegion(error: Error): boolean {
  return elementOf(error, 'Region') !== null || /region|scope/i.test(error.message);
}

function regionOf(error: Error): string | null {
  const told = elementOf(error, 'Region') ?? headerOf(error, 'x-amz-bucket-region');
  if (told !== null) return regionPattern.test(told) ? told : null;
  return expectedRegion.exec(error.message)?.[1] ?? null;
}

function endpointWords(error: Error): string {
  const told = elementOf(error, 'Endpoint') ?? originOf(headerOf(error, 'location'));
  const endpoint = told !== null && hostPattern.test(told) ? withoutBucket(told, elementOf(error, 'Bucket')) : null;
  const region = regionOf(error);
  const named = [
    ...(endpoint === null ? [] : [`the endpoint ${quote(endpoint)}`]),
    ...(region === null ? [] : [`region ${quote(region)}`]),
  ];
  return named.length === 0 ? '; the service names no endpoint' : `; the service names ${named.join(' and ')}`;
}

/** Removes the bucket from an endpoint: Amazon names the bucket's host, but a storage unit has many buckets. */
function withoutBucket(endpoint: string, bucket: string | null): string {
  return bucket !== null && endpoint.startsWith(`${bucket}.`) ? endpoint.slice(bucket.length + 1) : endpoint;
}

function originOf(location: string | null): string | null {
  const url = location === null ? null : URL.parse(location);
  return url === null || url.host === '' ? null : `${url.protocol}//${url.host}`;
}

function clockWords(date: string | null, nowMs: number): string {
  const difference = clockDifference(date, nowMs);
  if (difference === null) return '; the answer has no valid Date header';
  return `; this machine's clock is ${difference.text} the service's clock`;
}

/** The message of an error: cut, printable, and stripped of anything that may be a credential. */
export function own(error: Error): string {
  return quote(error.message.replace(secretWord, '…'));
}

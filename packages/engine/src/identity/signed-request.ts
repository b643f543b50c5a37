import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { BackupSyncError } from '@backup-sync/contracts';
import { canonicalRequest, signingAlgorithm, stringToSign } from '@backup-sync/core';

/** Maximum difference between the date of a signed request and the clock, in milliseconds. */
const windowMs = 15 * 60 * 1000;

/**
 * Visible ASCII without "#". The signature covers the decoded address, so `a%23x` and `a#x` have the same signature,
 * but routers cut the second short: anyone who has seen one request could turn it into another.
 */
const plainTarget = /^\/[\x21\x22\x24-\x7e]*$/;

/** A signed request as it was received. */
export type SignedRequest = {
  readonly method: string;
  /** Path and query as they are on the wire. */
  readonly target: string;
  /** Headers in any order, names in any case, values as text. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The bytes of the body. Empty if there is no body. */
  readonly body: Uint8Array;
};

/** The signature of a request, with the string that it must sign. */
export type Signature = {
  readonly accessKey: string;
  readonly digest: Buffer;
  readonly stringToSign: string;
};

/**
 * Reads the signature of a request and the string that it must sign. Throws `not_authenticated`, with the reason, for
 * faults that do not depend on the key:
 * - another scheme or form;
 * - a date that is not signed;
 * - a date that is too far off;
 * - a body that does not match the headers, or is not signed.
 */
export function readSignature(request: SignedRequest, nowMs: number): Signature {
  if (!plainTarget.test(request.target)) {
    throw refusal('the address must be a path, with "#" and everything but visible ASCII percent-encoded');
  }
  const { accessKey, signedHeaders, digest } = parseAuthorization(headerOf(request, 'authorization') ?? '');
  // The host need not be signed: the official SDK for Go and the Terraform provider leave it out.
  if (!signedHeaders.includes('x-sdk-date')) throw refusal('the header x-sdk-date must be signed');
  // This service issues no temporary keys, so none can be valid.
  if (headerOf(request, 'x-security-token') !== null) throw refusal('temporary access keys are not supported');
  const date = headerOf(request, 'x-sdk-date') ?? '';
  if (Math.abs(parseDate(date) - nowMs) > windowMs) {
    throw refusal('X-Sdk-Date is more than 15 minutes off; set the clock');
  }
  const bodyHash = sha256Hex(request.body);
  const named = headerOf(request, 'x-sdk-content-sha256');
  if (named === 'UNSIGNED-PAYLOAD') throw refusal('the body must be signed: UNSIGNED-PAYLOAD is not accepted here');
  if (named !== null && named !== bodyHash) throw refusal('X-Sdk-Content-Sha256 does not match the body');
  const canonical = canonicalRequest({ ...request, signedHeaders, bodyHash });
  return { accessKey, digest, stringToSign: stringToSign(date, sha256Hex(Buffer.from(canonical))) };
}

/** Whether the signature was made with this secret key. Takes the same time whatever differs. */
export function isSignedWith(secretKey: string, signature: Signature): boolean {
  const expected = createHmac('sha256', secretKey).update(signature.stringToSign).digest();
  return timingSafeEqual(expected, signature.digest);
}

/** The same refusal for a key that is unknown, disabled, or did not sign. */
export function badSignature(): BackupSyncError {
  return refusal('the access key or the signature is wrong');
}

function parseAuthorization(value: string) {
  const pattern = new RegExp(
    `^${signingAlgorithm} +Access=([\\w-]{1,64}), *SignedHeaders=([a-z0-9;_-]+), *Signature=([0-9a-f]{64})$`,
  );
  const [, accessKey, names, digest] = pattern.exec(value) ?? [];
  if (accessKey === undefined || names === undefined || digest === undefined) {
    throw refusal(`Authorization must be "${signingAlgorithm} Access=…, SignedHeaders=…, Signature=…"`);
  }
  const signedHeaders = names.split(';');
  if (new Set(signedHeaders).size < signedHeaders.length) throw refusal('SignedHeaders names a header twice');
  return { accessKey, signedHeaders, digest: Buffer.from(digest, 'hex') };
}

/** The value of a header, trimmed. Null if the header is missing. Throws if it occurs twice. */
function headerOf({ headers }: SignedRequest, name: string): string | null {
  const values = headers.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value.trim());
  if (values.length > 1) throw refusal(`the header ${name} occurs twice`);
  return values[0] ?? null;
}

/** Parses `20261123T125510Z` to milliseconds since 1970. */
function parseDate(text: string): number {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  const milliseconds = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(milliseconds)) throw refusal('X-Sdk-Date must look like 20261123T125510Z');
  return milliseconds;
}

function refusal(message: string): BackupSyncError {
  return new BackupSyncError('not_authenticated', message);
}

function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

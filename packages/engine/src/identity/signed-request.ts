import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { BackupSyncError } from '@backup-sync/contracts';
import { canonicalRequest, signingAlgorithm, stringToSign } from '@backup-sync/core';

/** How far the date of a signed request may be off, either way. */
const windowMs = 15 * 60 * 1000;
const requiredHeaders = ['host', 'x-sdk-date'];

/**
 * Visible ASCII without "#". The signature covers the address decoded, so that `a%23x` and `a#x` are signed alike, while
 * routers cut the latter short: who has seen one request could make another of it.
 */
const plainTarget = /^\/[\x21\x22\x24-\x7e]*$/;

/** A request as it came, whose signature covers it. */
export type SignedRequest = {
  readonly method: string;
  /** Path and query as they are on the wire. */
  readonly target: string;
  /** In any order; names in any case, values as text. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The bytes of the body; none where there is no body. */
  readonly body: Uint8Array;
};

/** What a request says of its signature. */
export type Signature = {
  readonly accessKey: string;
  readonly digest: Buffer;
  readonly stringToSign: string;
};

/**
 * Reads the signature of a request, and what it must be one of. Throws `not_authenticated`, saying why, for what is wrong
 * whatever the key: another scheme or form, a header that must be signed and is not, a date that is off, a body that is
 * not the one that the headers name, or is not covered.
 */
export function readSignature(request: SignedRequest, nowMs: number): Signature {
  if (!plainTarget.test(request.target)) {
    throw refusal('the address must be a path, percent-encoded where it is not plain ASCII');
  }
  const { accessKey, signedHeaders, digest } = parseAuthorization(headerOf(request, 'authorization') ?? '');
  for (const name of requiredHeaders) {
    if (!signedHeaders.includes(name)) throw refusal(`the header ${name} must be signed`);
  }
  // Temporary keys are not made here, so nothing stands behind one.
  if (headerOf(request, 'x-security-token') !== null) throw refusal('temporary access keys are not known here');
  const date = headerOf(request, 'x-sdk-date') ?? '';
  if (Math.abs(parseDate(date) - nowMs) > windowMs) {
    throw refusal('X-Sdk-Date is more than 15 minutes off; set the clock');
  }
  const bodyHash = sha256Hex(request.body);
  const named = headerOf(request, 'x-sdk-content-sha256');
  if (named === 'UNSIGNED-PAYLOAD') throw refusal('the body must be signed: UNSIGNED-PAYLOAD is not accepted here');
  if (named !== null && named !== bodyHash) throw refusal('X-Sdk-Content-Sha256 is not that of the body');
  const canonical = canonicalRequest({ ...request, signedHeaders, bodyHash });
  return { accessKey, digest, stringToSign: stringToSign(date, sha256Hex(Buffer.from(canonical))) };
}

/** Whether the signature was made with this secret key; takes as long whatever differs. */
export function isSignedWith(secretKey: string, signature: Signature): boolean {
  const expected = createHmac('sha256', secretKey).update(signature.stringToSign).digest();
  return timingSafeEqual(expected, signature.digest);
}

/** What a key that is not known, not in use, or not the one that signed is answered, all alike. */
export function badSignature(): BackupSyncError {
  return refusal('access key or signature is not right');
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

/** The one value of a header, trimmed; null where it is not there. Throws where it is there twice. */
function headerOf({ headers }: SignedRequest, name: string): string | null {
  const values = headers.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value.trim());
  if (values.length > 1) throw refusal(`the header ${name} is there twice`);
  return values[0] ?? null;
}

/** `20261123T125510Z` as milliseconds since 1970. */
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

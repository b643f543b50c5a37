import { isUtf8 } from 'node:buffer';
import { BackupSyncError } from '@backup-sync/contracts';
import type { SignedRequest } from '@backup-sync/engine';
import express, { type Request, type RequestHandler } from 'express';
import { admissionOf } from './edges/admission.ts';
import { isSigned } from './edges/credential.ts';
import { bodyMaxBytes } from './json-body.ts';

/**
 * Reads the body of a signed request before any other handler and leaves its bytes in `request.body`. The signature
 * covers the bytes as sent, so a compressed body is refused.
 */
export const signedBody: RequestHandler = async (request, response, next) => {
  if (!isSigned(request)) {
    next();
    return;
  }
  await admissionOf(request).countAhead(request);
  readBytes(request, response, next);
};

/**
 * Drops `Last-Event-ID` from a signed request if its signature does not cover it, since the header changes what the
 * request asks for. Must run before any handler, since each interface reads the header itself.
 */
export const dropUnsignedPlace: RequestHandler = (request, _response, next) => {
  const [, names = ''] = /\bSignedHeaders=([^,\s]*)/.exec(request.headers.authorization ?? '') ?? [];
  if (isSigned(request) && !names.split(';').includes('last-event-id')) delete request.headers['last-event-id'];
  next();
};

const readBytes = express.raw({ type: () => true, limit: bodyMaxBytes, inflate: false });

/** Turns the body of a signed request into text, as tRPC expects it. */
export const signedBodyAsText: RequestHandler = (request, _response, next) => {
  if (Buffer.isBuffer(request.body)) request.body = request.body.toString('utf8');
  next();
};

/** Returns the parts of a request that the signature covers. The request must have passed {@link signedBody}. */
export function signedRequestOf(request: Request): SignedRequest {
  const headers: (readonly [string, string])[] = [];
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    headers.push([request.rawHeaders[index] ?? '', textOf(request.rawHeaders[index + 1] ?? '')]);
  }
  return { method: request.method, target: request.originalUrl, headers, body: bytesOf(request) };
}

function bytesOf({ body }: Request): Uint8Array {
  if (Buffer.isBuffer(body)) return body;
  // If the text was not UTF-8, the bytes now differ from the signed ones, and the signature fails.
  return Buffer.from(typeof body === 'string' ? body : '', 'utf8');
}

/** Decodes a header as UTF-8, as clients sign it; Node decodes the bytes as Latin-1. */
function textOf(value: string): string {
  const bytes = Buffer.from(value, 'latin1');
  if (!isUtf8(bytes)) throw new BackupSyncError('not_authenticated', 'the request has a header that is not UTF-8');
  return bytes.toString('utf8');
}

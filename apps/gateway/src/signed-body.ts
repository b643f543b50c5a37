import { isUtf8 } from 'node:buffer';
import { BackupSyncError } from '@backup-sync/contracts';
import type { SignedRequest } from '@backup-sync/engine';
import express, { type Request, type RequestHandler } from 'express';
import { admissionOf } from './edges/admission.ts';
import { isSigned } from './edges/credential.ts';
import { bodyMaxBytes } from './json-body.ts';

/**
 * Reads the body of a signed request before anything else does: the signature covers its bytes as they were sent, so one
 * that is compressed is refused. Whoever wants the body finds the bytes in `request.body`.
 */
export const signedBody: RequestHandler = (request, response, next) => {
  if (!isSigned(request)) {
    next();
    return;
  }
  admissionOf(request).countAhead(request);
  readBytes(request, response, next);
};

/**
 * Where a reader of a stream goes on changes what is asked for, so it must be covered by the signature of a request that
 * has one. Before any handler, since each door reads the header for itself.
 */
export const dropUnsignedPlace: RequestHandler = (request, _response, next) => {
  const [, names = ''] = /\bSignedHeaders=([^,\s]*)/.exec(request.headers.authorization ?? '') ?? [];
  if (isSigned(request) && !names.split(';').includes('last-event-id')) delete request.headers['last-event-id'];
  next();
};

const readBytes = express.raw({ type: () => true, limit: bodyMaxBytes, inflate: false });

/** tRPC takes a body that was read as text. */
export const signedBodyAsText: RequestHandler = (request, _response, next) => {
  if (Buffer.isBuffer(request.body)) request.body = request.body.toString('utf8');
  next();
};

/** What the signature covers, of a request that went through {@link signedBody}. */
export function signedRequestOf(request: Request): SignedRequest {
  const headers: (readonly [string, string])[] = [];
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    headers.push([request.rawHeaders[index] ?? '', textOf(request.rawHeaders[index + 1] ?? '')]);
  }
  return { method: request.method, target: request.originalUrl, headers, body: bytesOf(request) };
}

function bytesOf({ body }: Request): Uint8Array {
  if (Buffer.isBuffer(body)) return body;
  // Of text that is not UTF-8 other bytes come out, which nobody has signed.
  return Buffer.from(typeof body === 'string' ? body : '', 'utf8');
}

/** Clients sign headers as UTF-8; Node hands their bytes over as Latin-1. */
function textOf(value: string): string {
  const bytes = Buffer.from(value, 'latin1');
  if (!isUtf8(bytes)) throw new BackupSyncError('not_authenticated', 'a header is not UTF-8');
  return bytes.toString('utf8');
}

import { BackupSyncError, type ErrorBody, errors } from '@backup-sync/contracts';
import { catalogueRefusal } from '@backup-sync/engine';
import type { Response } from 'express';
import { addressesOf } from './public-address.ts';

/** Seconds after which a caller may come again who was told to wait, where it is not known how long. */
const retryAfterSeconds = 1;

/** What the HTTP layer throws before a handler runs: body-parser and the router name the status. */
type HttpFault = { readonly status: number };

/**
 * Turns whatever was thrown into the refusal to send. What an unknown fault says never leaves the process: `unexpected`
 * tells that it must be reported here.
 */
export function refusalOf(fault: unknown): { readonly error: BackupSyncError; readonly unexpected: boolean } {
  // Credentials are looked up in the catalogue before a call begins.
  const thrown = catalogueRefusal(fault);
  if (thrown instanceof BackupSyncError) return { error: thrown, unexpected: thrown.code === 'internal' };
  if (isHttpFault(thrown)) {
    const error = httpRefusal(thrown);
    if (error !== undefined) return { error, unexpected: false };
  }
  return {
    error: new BackupSyncError('internal', 'the server failed, and has written the reason to its log'),
    unexpected: true,
  };
}

export function errorBodyOf(error: BackupSyncError, requestId: string): ErrorBody {
  const { number, remedy } = errors[error.code];
  return {
    error_code: number,
    error_msg: error.message,
    message: error.message,
    request_id: requestId,
    remedy,
    ...(error.problems.length > 0 && { problems: [...error.problems] }),
  };
}

/** Begins the answer to a refused request: the status and the headers that go with it. */
export function beginRefusal(error: BackupSyncError, response: Response): Response {
  const { httpStatus } = errors[error.code];
  // As Keystone says it.
  if (httpStatus === 401)
    response.setHeader('WWW-Authenticate', `Keystone uri="${addressesOf(response.req).identity}"`);
  return response.status(httpStatus).set(refusalHeaders(error));
}

/** The time to wait before the next try, if the refusal is for a while. */
export function refusalHeaders(error: BackupSyncError): Record<string, string> {
  const { httpStatus } = errors[error.code];
  if (httpStatus !== 429 && httpStatus !== 503) return {};
  const seconds = error.retryAfterMs === null ? retryAfterSeconds : Math.ceil(error.retryAfterMs / 1000);
  return { 'Retry-After': String(seconds) };
}

function isHttpFault(thrown: unknown): thrown is HttpFault {
  return typeof thrown === 'object' && thrown !== null && 'status' in thrown && typeof thrown.status === 'number';
}

function httpRefusal(fault: HttpFault): BackupSyncError | undefined {
  if (fault.status === 413) return new BackupSyncError('body_too_large', 'the body is too large');
  if (fault.status === 415)
    return new BackupSyncError('not_json', 'the charset or encoding of the body is not supported');
  if (fault.status >= 400 && fault.status < 500) {
    return new BackupSyncError('invalid_request', 'the request cannot be read: its address or body is malformed');
  }
  return undefined;
}

import { BackupSyncError, type ErrorBody, errors } from '@backup-sync/contracts';
import { catalogueRefusal } from '@backup-sync/engine';
import type { Response } from 'express';
import { addressesOf } from './public-address.ts';

/** `Retry-After` if the time to wait is not known, seconds. */
const retryAfterSeconds = 1;

/** An error of the HTTP layer before a handler runs. The body parser and the router set the status. */
type HttpFault = { readonly status: number };

/**
 * Turns any thrown value into the refusal to send. The message of an unknown fault never leaves the process;
 * `unexpected` then says that it must be reported here.
 */
export function refusalOf(fault: unknown): { readonly error: BackupSyncError; readonly unexpected: boolean } {
  // Checking credentials reads the catalogue before a call begins, so its faults may arrive here.
  const thrown = catalogueRefusal(fault);
  if (thrown instanceof BackupSyncError) return { error: thrown, unexpected: thrown.code === 'internal' };
  if (isHttpFault(thrown)) {
    const error = httpRefusal(thrown);
    if (error !== undefined) return { error, unexpected: false };
  }
  return {
    error: new BackupSyncError('internal', 'the server failed; the reason is in its log'),
    unexpected: true,
  };
}

/** Returns the JSON body of a refusal. */
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

/** Sets the status and headers of a refusal. */
export function beginRefusal(error: BackupSyncError, response: Response): Response {
  const { httpStatus } = errors[error.code];
  // In the form that Keystone uses.
  if (httpStatus === 401)
    response.setHeader('WWW-Authenticate', `Keystone uri="${addressesOf(response.req).identity}"`);
  return response.status(httpStatus).set(refusalHeaders(error));
}

/** Returns `Retry-After` if the refusal is temporary (429 or 503). */
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
    return new BackupSyncError('not_json', 'the server does not support the charset or encoding of the body');
  if (fault.status >= 400 && fault.status < 500) {
    return new BackupSyncError('invalid_request', 'the address or body of the request is malformed');
  }
  return undefined;
}

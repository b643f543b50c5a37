import { BackupSyncError, type Door } from '@backup-sync/contracts';
import { badToken, type Caller, type CallFrom, type Engine } from '@backup-sync/engine';
import type { Request, RequestHandler, Response } from 'express';
import { requireSameOrigin } from './console/same-origin.ts';
import { admissionOf } from './edges/admission.ts';
import { addressOf, keepAddress } from './edges/caller-address.ts';
import { isSigned, sessionTokenOf, tokenOf } from './edges/credential.ts';
import { signedRequestOf } from './signed-body.ts';

/**
 * Keeps the address of each request and gives its answer an id, in `X-Request-Id` and in the header that OpenStack
 * clients read. Ids from callers are ignored, since they could not be distinguished from ours.
 */
export function identifyRequest(engine: Engine): RequestHandler {
  return (request, response, next) => {
    keepAddress(request, response);
    const requestId = engine.newId();
    response.locals.requestId = requestId;
    response.setHeader('X-Request-Id', requestId);
    response.setHeader('X-OpenStack-Request-Id', requestId);
    next();
  };
}

export function requestIdOf(response: Response): string {
  return String(response.locals.requestId);
}

/** Returns the request id and the origin of a request, for the audit and the login limits. */
export function whence(request: Request, response: Response, door: Door): Required<Omit<CallFrom, 'caller'>> {
  return { requestId: requestIdOf(response), origin: { door, address: addressOf(request) } };
}

/** Refuses HTTP/1.1 requests without `Host`. Node could do so itself, but its refusal has no body. */
export const requireHost: RequestHandler = (request, _response, next) => {
  if (request.headers.host === undefined && request.httpVersion === '1.1') {
    throw new BackupSyncError('invalid_request', 'the header Host is missing');
  }
  next();
};

/**
 * Checks the credentials of a request and returns the caller. Counts `calls` calls against the limits. Throws
 * `not_authenticated`, and `throttled` if there were too many calls.
 */
export async function authenticate(engine: Engine, request: Request, calls = 1): Promise<Caller> {
  const admission = admissionOf(request);
  await admission.countAhead(request);
  let caller: Caller;
  try {
    caller = await identify(engine, request);
  } catch (refusal) {
    if (refusal instanceof BackupSyncError && refusal.code === 'not_authenticated') admission.forget(request);
    await admission.countUnknown(request);
    throw refusal;
  }
  await admission.countCaller(request, caller, calls);
  return caller;
}

/**
 * Returns the caller by the signature, by the token in `X-Auth-Token`, or by the session cookie. Throws
 * `not_authenticated`, and `not_same_origin` if a page elsewhere may have caused the call.
 */
async function identify(engine: Engine, request: Request): Promise<Caller> {
  if (isSigned(request)) return engine.identity.authenticateSigned(signedRequestOf(request));
  const token = tokenOf(request);
  if (token === null) {
    throw new BackupSyncError('not_authenticated', 'the call has neither a token in X-Auth-Token nor a signature');
  }
  if (sessionTokenOf(request) !== null) requireSameOrigin(request);
  const caller = await engine.identity.authenticate(token);
  if (caller === null) throw badToken();
  return caller;
}

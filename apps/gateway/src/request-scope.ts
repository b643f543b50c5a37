import { BackupSyncError, type Door } from '@backup-sync/contracts';
import { badToken, type Caller, type CallFrom, type Engine } from '@backup-sync/engine';
import type { Request, RequestHandler, Response } from 'express';
import { admissionOf } from './edges/admission.ts';
import { addressOf, keepAddress } from './edges/caller-address.ts';
import { isSigned } from './edges/credential.ts';
import { signedRequestOf } from './signed-body.ts';

/**
 * Keeps where every request came from, and gives its answer an id: in `X-Request-Id`, and in the header that clients of
 * OpenStack read. Ids of callers are not taken over: they could not be told from ours.
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

/** Where a request came in, for the audit and the limits on guesses. */
export function whence(request: Request, response: Response, door: Door): Required<Omit<CallFrom, 'caller'>> {
  return { requestId: requestIdOf(response), origin: { door, address: addressOf(request) } };
}

/** HTTP/1.1 wants the header. Node's own refusal has no body, so it is left to this. */
export const requireHost: RequestHandler = (request, _response, next) => {
  if (request.headers.host === undefined && request.httpVersion === '1.1') {
    throw new BackupSyncError('invalid_request', 'the header Host is missing');
  }
  next();
};

/**
 * Who calls, counted against the limits, as so many calls as are made at once. Throws `not_authenticated`, and `throttled` where there were too many calls.
 */
export async function authenticate(engine: Engine, request: Request, calls = 1): Promise<Caller> {
  const admission = admissionOf(request);
  admission.countAhead(request);
  let caller: Caller;
  try {
    caller = await identify(engine, request);
  } catch (refusal) {
    if (refusal instanceof BackupSyncError && refusal.code === 'not_authenticated') admission.forget(request);
    admission.countUnknown(request);
    throw refusal;
  }
  admission.countCaller(request, caller, calls);
  return caller;
}

/** The caller who signed the request, or whom the token in `X-Auth-Token` stands for. Throws `not_authenticated`. */
async function identify(engine: Engine, request: Request): Promise<Caller> {
  if (isSigned(request)) return engine.identity.authenticateSigned(signedRequestOf(request));
  const token = request.headers['x-auth-token'];
  if (typeof token !== 'string' || token === '') {
    throw new BackupSyncError('not_authenticated', 'the call has neither a token in X-Auth-Token nor a signature');
  }
  const caller = await engine.identity.authenticate(token);
  if (caller === null) throw badToken();
  return caller;
}

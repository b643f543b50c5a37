import { BackupSyncError, type Door } from '@backup-sync/contracts';
import type { Caller, CallFrom, Engine } from '@backup-sync/engine';
import type { Request, RequestHandler, Response } from 'express';
import { isSigned, signedRequestOf } from './signed-body.ts';

/** Gives every answer its `X-Request-Id`. Ids of callers are not taken over: they could not be told from ours. */
export function identifyRequest(engine: Engine): RequestHandler {
  return (_request, response, next) => {
    const requestId = engine.newId();
    response.locals.requestId = requestId;
    response.setHeader('X-Request-Id', requestId);
    next();
  };
}

export function requestIdOf(response: Response): string {
  return String(response.locals.requestId);
}

/** Where a request came in, for the audit and the limits on guesses. */
export function whence(request: Request, response: Response, door: Door): Required<Omit<CallFrom, 'caller'>> {
  return { requestId: requestIdOf(response), origin: { door, address: request.ip ?? null } };
}

/** The caller who signed the request, or whom the token in `X-Auth-Token` stands for. Throws `not_authenticated`. */
export async function authenticate(engine: Engine, request: Request): Promise<Caller> {
  if (isSigned(request)) return engine.identity.authenticateSigned(signedRequestOf(request));
  const token = request.headers['x-auth-token'];
  if (typeof token !== 'string' || token === '') {
    throw new BackupSyncError('not_authenticated', 'the header X-Auth-Token is missing, and no signature is there');
  }
  const caller = await engine.identity.authenticate(token);
  if (caller === null) throw new BackupSyncError('not_authenticated', 'the token is not valid, or has ended');
  return caller;
}

import { BackupSyncError } from '@backup-sync/contracts';
import type { Caller, Engine } from '@backup-sync/engine';
import type { Request, RequestHandler, Response } from 'express';

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

/** The caller that the token in `X-Auth-Token` stands for. Throws `not_authenticated`. */
export async function authenticate(engine: Engine, request: Request): Promise<Caller> {
  const token = request.headers['x-auth-token'];
  if (typeof token !== 'string' || token === '') {
    throw new BackupSyncError('not_authenticated', 'the header X-Auth-Token is missing');
  }
  const caller = await engine.identity.authenticate(token);
  if (caller === null) throw new BackupSyncError('not_authenticated', 'the token is not valid, or has ended');
  return caller;
}

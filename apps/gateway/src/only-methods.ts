import { BackupSyncError } from '@backup-sync/contracts';
import type { Request, RequestHandler, Response, Router } from 'express';

/** Refuses every method on a path that has no earlier handler. `Allow` lists `methods`, and HEAD along with GET. */
export function refuseOtherMethods(router: Pick<Router, 'all'>, path: string, methods: readonly string[]): void {
  router.all(path, (request, response) => refuseMethod(request, response, methods));
}

/** Refuses all methods other than these. HEAD is accepted along with GET. */
export function onlyMethods(methods: readonly string[]): RequestHandler {
  const allowed = withHead(methods);
  return (request, response, next) => {
    if (!allowed.includes(request.method)) refuseMethod(request, response, methods);
    next();
  };
}

function refuseMethod({ method }: Request, response: Response, methods: readonly string[]): never {
  response.setHeader('Allow', withHead(methods).join(', '));
  throw new BackupSyncError('method_not_allowed', `this path does not accept ${method}`);
}

function withHead(methods: readonly string[]): readonly string[] {
  return methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
}

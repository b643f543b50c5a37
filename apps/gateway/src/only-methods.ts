import { BackupSyncError } from '@backup-sync/contracts';
import type { Router } from 'express';

/** Refuses every method of a known path that has no handler before this. Whoever may GET may HEAD. */
export function refuseOtherMethods(router: Pick<Router, 'all'>, path: string, methods: readonly string[]): void {
  const allowed = methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
  router.all(path, (request, response) => {
    response.setHeader('Allow', allowed.join(', '));
    throw new BackupSyncError('method_not_allowed', `${request.method} is not possible here`);
  });
}

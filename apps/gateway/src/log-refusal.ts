import type { BackupSyncError } from '@backup-sync/contracts';
import type { Log } from '@backup-sync/engine';
import type { Request, Response } from 'express';
import { addressOf } from './edges/caller-address.ts';
import { requestIdOf } from './request-scope.ts';

/** Writes the refusal of a request to the log. The path is left out: it may be anything that a stranger sends. */
export function logRefusal(log: Log, request: Request, response: Response, error: BackupSyncError): void {
  log('request.refused', `A request was refused: ${error.message}`, {
    request_id: requestIdOf(response),
    address: addressOf(request),
    error: error.code,
  });
}

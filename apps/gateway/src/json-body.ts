import { BackupSyncError } from '@backup-sync/contracts';
import express, { type Request, type RequestHandler } from 'express';

/** Largest body in bytes: 50 items of the longest fields, escaped, fit well. */
export const bodyMaxBytes = 1024 * 1024;

/** Refuses a body that does not say that it is JSON, then parses it. */
export const jsonBody: readonly RequestHandler[] = [
  (request, _response, next) => {
    if (!request.is('application/json')) throw notJson(request);
    next();
  },
  // Any JSON value is parsed, so that the schema can say what is wrong with it.
  express.json({ limit: bodyMaxBytes, strict: false, inflate: true }),
];

function notJson(request: Request): BackupSyncError {
  const type = request.headers['content-type'];
  return new BackupSyncError(
    'not_json',
    type === undefined ? 'the body does not say its type' : `the body is ${type}, not application/json`,
  );
}

import { BackupSyncError } from '@backup-sync/contracts';
import express, { type Request, type RequestHandler } from 'express';

/** Largest body in bytes: 50 items of the longest fields, escaped, fit well. */
export const bodyMaxBytes = 1024 * 1024;
/** Deepest nesting of objects and arrays; what callers send has six levels. */
const depthMax = 32;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Refuses a body that does not say that it is JSON, then parses it: that of a signed request has been read before. */
export const jsonBody: readonly RequestHandler[] = [
  (request, _response, next) => {
    if (!request.is('application/json') || !isUtf8Said(request)) throw notJson(request);
    next();
  },
  express.raw({ limit: bodyMaxBytes, type: 'application/json' }),
  (request, _response, next) => {
    // Any JSON value is parsed, so that the schema can say what is wrong with it.
    if (Buffer.isBuffer(request.body)) request.body = parse(request.body);
    refuseDeepJson(request.body);
    next();
  },
];

/** Refuses a value that is nested deeper than anything here is: what walks a value must not run out of stack. */
export function refuseDeepJson(value: unknown): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > depthMax) throw new BackupSyncError('malformed_json', `body: is nested deeper than ${depthMax} levels`);
    level = level.flatMap((each) => (typeof each === 'object' && each !== null ? Object.values(each) : []));
  }
}

function parse(bytes: Buffer): unknown {
  // A call without fields may have nothing to send.
  if (bytes.length === 0) return {};
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch (cause) {
    throw new BackupSyncError('malformed_json', 'body: is not UTF-8', { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BackupSyncError('malformed_json', 'body: is not JSON', { cause });
  }
}

/** JSON is UTF-8; a charset that says so is common, another is a mistake. */
function isUtf8Said(request: Request): boolean {
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(request.headers['content-type'] ?? '')?.[1];
  return charset === undefined || charset.toLowerCase() === 'utf-8' || charset.toLowerCase() === 'utf8';
}

function notJson(request: Request): BackupSyncError {
  const type = request.headers['content-type'];
  return new BackupSyncError(
    'not_json',
    type === undefined ? 'the body does not say its type' : `the body is ${type}, not application/json`,
  );
}

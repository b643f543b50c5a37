import { BackupSyncError } from '@backup-sync/contracts';
import express, { type Request, type RequestHandler } from 'express';

/** Largest body in bytes. 50 items with the longest fields, escaped, easily fit. */
export const bodyMaxBytes = 1024 * 1024;
/** Deepest nesting of objects and arrays. Valid bodies have at most six levels. */
const depthMax = 32;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Refuses a body that is not declared as JSON, then parses it. The body of a signed request was already read. */
export const jsonBody: readonly RequestHandler[] = [
  (request, _response, next) => {
    if (!request.is('application/json') || !isUtf8Said(request)) throw notJson(request);
    next();
  },
  express.raw({ limit: bodyMaxBytes, type: 'application/json' }),
  (request, _response, next) => {
    // Any JSON value is accepted here, so that the schema can say what is wrong with it.
    if (Buffer.isBuffer(request.body)) request.body = parse(request.body);
    refuseDeepJson(request.body);
    next();
  },
];

/** Refuses a value that is nested too deeply: code that walks it must not overflow the stack. */
export function refuseDeepJson(value: unknown): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > depthMax)
      throw new BackupSyncError('malformed_json', `body: is nested more than ${depthMax} levels deep`);
    level = level.flatMap((each) => (typeof each === 'object' && each !== null ? Object.values(each) : []));
  }
}

function parse(bytes: Buffer): unknown {
  // A call without fields may have an empty body.
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

/** Whether the charset is UTF-8 or missing. JSON is always UTF-8, so any other charset is a mistake. */
function isUtf8Said(request: Request): boolean {
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(request.headers['content-type'] ?? '')?.[1];
  return charset === undefined || charset.toLowerCase() === 'utf-8' || charset.toLowerCase() === 'utf8';
}

function notJson(request: Request): BackupSyncError {
  const type = request.headers['content-type'];
  return new BackupSyncError(
    'not_json',
    type === undefined ? 'the header Content-Type is missing' : `the body is ${type}, not application/json`,
  );
}

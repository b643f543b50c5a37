import { BackupSyncError, consolePath } from '@backup-sync/contracts';
import { parseCookie, stringifySetCookie } from 'cookie';
import type { Request, RequestHandler, Response } from 'express';
import { isLoopback } from '../edges/caller-address.ts';
import { isSigned, tokenOf } from '../edges/credential.ts';
import type { KnownAddresses } from '../public-address.ts';

/** Maximum number of characters of the value of the cookie. Browsers drop cookies of more than 4,096 bytes. */
const valueMax = 3_584;

/** The characters of a token that may be sent in a header. */
const tokenForm = /^[\x21-\x7e]+$/;

/**
 * Paths at which a server on another port of a loopback address may have set a cookie of this name. Browsers would send
 * it with the session, and two cookies are no session.
 */
const strayPaths = [consolePath, '/trpc'];

/** How the browser reaches this server: over TLS, over plain HTTP on its own machine, or over plain HTTP elsewhere. */
type Connection = 'encrypted' | 'loopback' | 'plain';

/** Over TLS, browsers accept the name only for this host and from this host. Other ports cannot set it without TLS. */
const cookieNames = { encrypted: '__Host-backup_sync', loopback: 'backup_sync' } as const;

/**
 * Keeps the token in the session cookie, if the request has no other credentials. Only the routes that accept the
 * cookie use this. Their answers are never cached.
 */
export const readSession: RequestHandler = (request, response, next) => {
  if (!isSigned(request) && tokenOf(request) === null) response.locals.sessionToken = tokenInCookie(request);
  if (request.headers.cookie !== undefined) response.setHeader('Cache-Control', 'no-store');
  next();
};

/** Throws `insecure_connection` if a password and a session would cross a network in plain text. */
export function requireSecureConnection(request: Request): void {
  if (connectionOf(request) !== 'plain') return;
  throw new BackupSyncError(
    'insecure_connection',
    `${request.hostname} is not a loopback address, and plain HTTP would show the password and the session to the network`,
  );
}

/** Sets the cookie until the token expires. Throws `token_too_long`. */
export function setSession(request: Request, response: Response, token: string, maxAgeSeconds: number): void {
  const text = cookieText(request, token, maxAgeSeconds, '/');
  const value = text.slice(text.indexOf('=') + 1, text.indexOf(';'));
  if (value.length > valueMax) {
    throw new BackupSyncError(
      'token_too_long',
      `the token of the identity service has ${value.length} characters; a cookie has room for ${valueMax}`,
    );
  }
  response.setHeader('Set-Cookie', [text, ...strayRemovals(request)]);
}

/** Removes the cookie from the browser. */
export function clearSession(request: Request, response: Response): void {
  response.setHeader('Set-Cookie', [cookieText(request, '', 0, '/'), ...strayRemovals(request)]);
}

/** With TLS there is nothing to remove: browsers accept the name of that cookie for the path `/` only. */
function strayRemovals(request: Request): readonly string[] {
  if (connectionOf(request) === 'encrypted') return [];
  return strayPaths.map((path) => cookieText(request, '', 0, path));
}

function cookieText(request: Request, value: string, maxAge: number, path: string): string {
  const connection = connectionOf(request);
  const isEncrypted = connection === 'encrypted';
  const name = isEncrypted ? cookieNames.encrypted : cookieNames.loopback;
  return stringifySetCookie({
    name,
    value,
    maxAge,
    path,
    httpOnly: true,
    sameSite: 'strict',
    ...(isEncrypted && { secure: true }),
  });
}

/** Returns null if there is no cookie, or it is not as {@link setSession} sets it. */
function tokenInCookie(request: Request): string | null {
  const { cookie } = request.headers;
  const connection = connectionOf(request);
  if (cookie === undefined || connection === 'plain') return null;
  const name = cookieNames[connection];
  // Of two cookies with this name, a page on another port or path may have set one.
  const isAmbiguous = cookie.split(';').filter((part) => part.split('=', 1)[0]?.trim() === name).length > 1;
  const token = isAmbiguous ? undefined : parseCookie(cookie)[name];
  return token !== undefined && token.length <= valueMax && tokenForm.test(token) ? token : null;
}

function connectionOf(request: Request): Connection {
  const { publicUrl, behindTlsProxy }: KnownAddresses = request.app.locals.addresses;
  // Express believes X-Forwarded-Proto and X-Forwarded-Host from trusted proxies alone.
  if (request.secure || behindTlsProxy || publicUrl?.startsWith('https:')) return 'encrypted';
  // An IPv6 address has brackets. HTTP/1.0 has no host.
  return isLoopback(request.hostname?.replace(/^\[(.*)\]$/, '$1') ?? '') ? 'loopback' : 'plain';
}

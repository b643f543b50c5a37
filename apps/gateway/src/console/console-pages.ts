import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import { BackupSyncError, consolePath } from '@backup-sync/contracts';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import helmet from 'helmet';
import { admissionOf } from '../edges/admission.ts';
import { refuseOtherMethods } from '../only-methods.ts';

const indexFile = 'index.html';
/** Folder of the files whose names have a hash of their content, so that they never change. */
const hashedFolder = 'assets/';
const yearSeconds = 31_536_000;

/** Encodings of files that the build has compressed, the best first, with the ends of their names. */
const encodings = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const;

/** The pages load and call this server only. They must not be framed, and also work over plain HTTP on loopback. */
const policy = helmet.contentSecurityPolicy({
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'", 'data:'],
    fontSrc: ["'self'"],
    connectSrc: ["'self'"],
    workerSrc: ["'self'"],
    formAction: ["'self'"],
    baseUri: ["'self'"],
    frameAncestors: ["'none'"],
  },
});

/** Where the built console is, and where browsers find it. */
export type ConsoleOptions = {
  /** Directory of the built console; null if this server has none. */
  readonly directory: string | null;
  readonly publicUrl: string | undefined;
};

/**
 * Routes that lead browsers from `/` to the console and serve its files. Every other path below `/console/` that is
 * opened as a page gets the first page, whose script shows what the path names.
 */
export function consolePages({ directory, publicUrl }: ConsoleOptions): Router {
  const router = Router({ caseSensitive: true, strict: true });
  const base = publicUrl === undefined ? null : new URL(publicUrl).pathname.replace(/\/+$/, '');
  router.get('/', (request, response, next) => {
    // Clients of OpenStack ask for the same path.
    response.vary('Accept');
    if (directory === null || !wantsPage(request)) return next();
    // Without a configured address, a proxy may still have the server below a path.
    response.redirect(302, base === null ? `.${consolePath}/` : `${base}${consolePath}/`);
  });
  if (directory !== null) {
    router.get(consolePath, (_request, response) => response.redirect(308, `.${consolePath}/`));
    router.get(`${consolePath}/{*path}`, policy, serveFiles(directory, `${base ?? ''}${consolePath}/`));
    for (const path of [consolePath, `${consolePath}/`]) refuseOtherMethods(router, path, ['GET']);
    return router;
  }
  router.get([consolePath, `${consolePath}/{*path}`], (request, _response, next) => {
    if (!wantsPage(request) && request.path.startsWith(`${consolePath}/`)) return next();
    throw new BackupSyncError('console_missing', 'this build has no console');
  });
  return router;
}

/** Serves a file, or the first page if a browser opens another path. Everything else is left to later routes. */
function serveFiles(directory: string, address: string): RequestHandler {
  const files = filesIn(directory);
  // The build does not know the path of the server. All its addresses are relative to the <base> of the page.
  const built = readFileSync(join(directory, indexFile), 'utf8');
  const firstPage = built.replace(/(?<=<base href=")[^"]*/, () => address);
  return async (request, response, next) => {
    const name = request.path.slice(consolePath.length + 1);
    const isFirstPage = name === '' || name === indexFile;
    const isFile = files.has(name) && !isFirstPage;
    if (!isFile && !isFirstPage && (!wantsPage(request) || name.startsWith(hashedFolder))) return next();
    await admissionOf(request).countUnknown(request);
    if (isFile) sendFile(request, response, { directory, name, files }, next);
    else response.set('Cache-Control', 'no-store').type('html').send(firstPage);
  };
}

function sendFile(
  request: Request,
  response: Response,
  {
    directory,
    name,
    files,
  }: { readonly directory: string; readonly name: string; readonly files: ReadonlySet<string> },
  next: (error?: unknown) => void,
): void {
  response.set(
    'Cache-Control',
    name.startsWith(hashedFolder) ? `public, max-age=${yearSeconds}, immutable` : 'no-cache',
  );
  response.type(extname(name));
  let sent = name;
  const compressed = encodings.filter(([, end]) => files.has(name + end));
  if (compressed.length > 0) response.vary('Accept-Encoding');
  const best = compressed.find(([encoding]) => request.acceptsEncodings(encoding) !== false);
  if (best !== undefined) {
    response.set('Content-Encoding', best[0]);
    sent = name + best[1];
  }
  response.sendFile(sent, { root: directory, cacheControl: false }, (error) => {
    if (error !== undefined) next(error);
  });
}

/** The names of all files of a directory, with slashes. Only these are served. */
function filesIn(directory: string): ReadonlySet<string> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return new Set(paths.map((path) => path.slice(directory.length + 1).replaceAll(sep, '/')));
}

/** Whether a browser opens the address as a page: only then does `Accept` name HTML. */
function wantsPage(request: Request): boolean {
  return request.accepts().includes('text/html');
}

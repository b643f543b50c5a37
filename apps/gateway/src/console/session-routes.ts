import {
  BackupSyncError,
  type ConsoleProjectsAnswer,
  type ConsoleSessionAnswer,
  consolePath,
  errors,
  parseOrRefuse,
  signInRequest,
  switchProjectRequest,
} from '@backup-sync/contracts';
import { badToken, type Clock, type Engine, type IssuedToken } from '@backup-sync/engine';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { sessionTokenOf } from '../edges/credential.ts';
import { jsonBody } from '../json-body.ts';
import { refuseOtherMethods } from '../only-methods.ts';
import { authenticate, whence } from '../request-scope.ts';
import { requireSameOrigin } from './same-origin.ts';
import { clearSession, requireSecureConnection, setSession } from './session-cookie.ts';

const sessionPath = `${consolePath}/session`;
const projectPath = `${sessionPath}/project`;
const projectsPath = `${consolePath}/projects`;

/** Options of {@link sessionRoutes}. */
export type SessionRouteOptions = { readonly engine: Engine; readonly version: string; readonly clock: Clock };

/**
 * Routes with which a page of the console signs in, switches projects and signs out. The session is a token in a
 * cookie, so this server keeps nothing of it.
 */
export function sessionRoutes(options: SessionRouteOptions): Router {
  const { engine } = options;
  const router = Router({ caseSensitive: true, strict: true });
  router.use([sessionPath, projectsPath], (_request, response, next) => {
    response.setHeader('Cache-Control', 'no-store');
    next();
  });
  // Without TLS, browsers leave out Sec-Fetch-Site, so the connection is checked first. Pages elsewhere must not sign
  // someone in as another user.
  router.post(sessionPath, secureConnection, sameOrigin, ...jsonBody, async (request, response) => {
    const { user_name, password, project_name, domain_name } = parseOrRefuse(signInRequest, request.body);
    const issued = await engine.identity.signIn({
      from: whence(request, response, 'console'),
      userName: user_name,
      password,
      projectName: project_name ?? null,
      domainName: domain_name ?? null,
    });
    await answerWithSession(options, request, response, issued);
  });
  router.get(sessionPath, async (request, response) => {
    const token = await authenticatedToken(engine, request);
    const issued = await engine.identity.inspectToken(token);
    if (issued === null) throw badToken();
    response.json(sessionAnswer(options, issued));
  });
  router.delete(sessionPath, sameOrigin, async (request, response) => {
    const token = await endingToken(engine, request);
    clearSession(request, response);
    if (token !== null) await engine.identity.signOut(token, whence(request, response, 'console'));
    response.status(204).end();
  });
  router.put(projectPath, authenticated(engine), ...jsonBody, async (request, response) => {
    const { project_id, password } = parseOrRefuse(switchProjectRequest, request.body);
    const issued = await engine.identity.switchProject({
      from: whence(request, response, 'console'),
      token: response.locals.authenticatedToken,
      projectId: project_id,
      password: password ?? null,
    });
    await answerWithSession(options, request, response, issued);
  });
  router.get(projectsPath, async (request, response) => {
    const projects = await engine.identity.projectsOf(await authenticatedToken(engine, request));
    response.json({ projects: [...projects] } satisfies ConsoleProjectsAnswer);
  });
  refuseOtherMethods(router, sessionPath, ['POST', 'GET', 'DELETE']);
  refuseOtherMethods(router, projectPath, ['PUT']);
  refuseOtherMethods(router, projectsPath, ['GET']);
  return router;
}

const sameOrigin: RequestHandler = (request, _response, next) => {
  requireSameOrigin(request);
  next();
};

const secureConnection: RequestHandler = (request, _response, next) => {
  requireSecureConnection(request);
  next();
};

/** Authenticates before the body is read, so that unknown callers cause no work. */
function authenticated(engine: Engine): RequestHandler {
  return async (request, response, next) => {
    response.locals.authenticatedToken = await authenticatedToken(engine, request);
    next();
  };
}

/** Returns the token of the session. Throws `not_authenticated` if there is no session, or it has ended. */
async function authenticatedToken(engine: Engine, request: Request): Promise<string> {
  const token = sessionTokenOf(request);
  if (token === null) {
    throw new BackupSyncError('not_authenticated', 'there is no session cookie; sign in with POST /console/session');
  }
  await authenticate(engine, request);
  return token;
}

/** Returns the token to end; null if there is none, or it has ended. */
async function endingToken(engine: Engine, request: Request): Promise<string | null> {
  try {
    return await authenticatedToken(engine, request);
  } catch (error) {
    const status = error instanceof BackupSyncError ? errors[error.code].httpStatus : null;
    if (status === 401) return null;
    // The identity service says that it is valid, although it gives no access here.
    if (status === 403) return sessionTokenOf(request);
    throw error;
  }
}

async function answerWithSession(
  options: SessionRouteOptions,
  request: Request,
  response: Response,
  issued: IssuedToken,
): Promise<void> {
  const answer = sessionAnswer(options, issued);
  try {
    setSession(request, response, issued.token, answer.session.max_age_s);
  } catch (tooLong) {
    clearSession(request, response);
    // A service that keeps the token until it expires does not change what is wrong.
    await options.engine.identity
      .signOut(issued.token, whence(request, response, 'console'))
      .catch((error: unknown) => {
        if (!(error instanceof BackupSyncError)) throw error;
      });
    throw tooLong;
  }
  response.json(answer);
}

function sessionAnswer(
  { engine, version, clock }: SessionRouteOptions,
  { caller, project, expiresAtMs }: IssuedToken,
): ConsoleSessionAnswer {
  const session = {
    user_name: caller.name,
    role: caller.role,
    project_id: project.id,
    project_name: project.name,
    expires_at: new Date(expiresAtMs).toISOString(),
    max_age_s: Math.max(0, Math.floor((expiresAtMs - clock.nowMs()) / 1000)),
    identity: engine.identity.outsideUrl === null ? 'embedded' : 'outside',
    server_version: version,
  } as const;
  return { session };
}

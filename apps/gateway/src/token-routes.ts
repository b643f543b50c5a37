import {
  BackupSyncError,
  errors,
  type IssueTokenAnswer,
  type IssueTokenRequest,
  issueTokenRequest,
  parseOrRefuse,
} from '@backup-sync/contracts';
import type { Engine, IssuedToken } from '@backup-sync/engine';
import { type ErrorRequestHandler, Router } from 'express';
import { jsonBody } from './json-body.ts';
import { errorBodyOf, refusalHeaders, refusalOf } from './refusal.ts';
import { requestIdOf } from './request-scope.ts';

/** In the words of the identity, so that nobody learns which of them is wrong. */
const wrongCredentials = 'user, password or project is not right';

const domain = { id: 'default', name: 'Default' };

/** `POST /v3/auth/tokens`, in the forms of OpenStack's identity API. */
export function tokenRoutes(engine: Engine): Router {
  const router = Router({ caseSensitive: true });
  router.post('/v3/auth/tokens', ...jsonBody, async (request, response) => {
    const { auth } = parseOrRefuse(issueTokenRequest, request.body);
    const issued = await issue(engine, auth);
    response.setHeader('X-Subject-Token', issued.token);
    response.setHeader('Vary', 'X-Auth-Token');
    response.status(201).json(answerOf(issued));
  });
  router.use('/v3/auth/tokens', keystoneRefusal);
  return router;
}

function issue(engine: Engine, { identity, scope }: IssueTokenRequest['auth']): Promise<IssuedToken> {
  const project = scope?.project ?? null;
  const user = identity.password?.user;
  const domains = [user?.domain, project !== null && 'domain' in project ? project.domain : undefined];
  if (!domains.every(isTheDomain)) throw new BackupSyncError('not_authenticated', wrongCredentials);
  if (user !== undefined) {
    return engine.identity.issueToken({ userName: user.name, password: user.password, project });
  }
  // The request names one of the two methods and carries what it needs.
  return engine.identity.exchangeToken(identity.token?.id ?? '');
}

/** There is one domain; where none is named, it is meant. */
function isTheDomain(named: { readonly name: string } | { readonly id: string } | undefined): boolean {
  if (named === undefined) return true;
  return 'id' in named ? named.id === domain.id : named.name.toLowerCase() === domain.name.toLowerCase();
}

function answerOf({ caller, expiresAtMs, issuedAtMs, project }: IssuedToken): IssueTokenAnswer {
  return {
    token: {
      methods: ['password'],
      issued_at: tokenTime(issuedAtMs),
      expires_at: tokenTime(expiresAtMs),
      project: { ...project, domain },
      roles: [{ id: caller.role, name: caller.role }],
      user: { id: caller.name, name: caller.name, domain },
      catalog: [],
    },
  };
}

/** `2026-11-23T13:59:42.000000Z` */
function tokenTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '000Z');
}

/** OpenStack clients read `error.message`; the fields of CBR stand beside it. */
const keystoneRefusal: ErrorRequestHandler = (thrown, _request, response, next) => {
  const { error, unexpected } = refusalOf(thrown);
  if (unexpected || !(error instanceof BackupSyncError)) return next(thrown);
  const code = errors[error.code].httpStatus;
  const title = { 400: 'Bad Request', 401: 'Unauthorized' }[code as 400] ?? 'Refused';
  response
    .status(code)
    .set(refusalHeaders(error))
    .json({ error: { code, message: error.message, title }, ...errorBodyOf(error, requestIdOf(response)) });
};

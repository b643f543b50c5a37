import {
  BackupSyncError,
  errors,
  type IssueTokenAnswer,
  issueTokenRequest,
  parseOrRefuse,
} from '@backup-sync/contracts';
import type { Engine, IssuedToken } from '@backup-sync/engine';
import { type ErrorRequestHandler, Router } from 'express';
import { jsonBody } from './json-body.ts';
import { errorBodyOf, refusalHeaders, refusalOf } from './refusal.ts';
import { requestIdOf } from './request-scope.ts';

const domain = { id: 'default', name: 'Default' };

/** `POST /v3/auth/tokens`, in the forms of OpenStack's identity API. */
export function tokenRoutes(engine: Engine): Router {
  const router = Router({ caseSensitive: true });
  router.post('/v3/auth/tokens', ...jsonBody, async (request, response) => {
    const { auth } = parseOrRefuse(issueTokenRequest, request.body);
    const { name, password } = auth.identity.password.user;
    const issued = await engine.identity.issueToken({
      userName: name,
      password,
      project: auth.scope?.project ?? null,
    });
    response.setHeader('X-Subject-Token', issued.token);
    response.setHeader('Vary', 'X-Auth-Token');
    response.status(201).json(answerOf(issued));
  });
  router.use('/v3/auth/tokens', keystoneRefusal);
  return router;
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

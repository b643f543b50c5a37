import { BackupSyncError, type IssueTokenRequest, issueTokenRequest, parseOrRefuse } from '@backup-sync/contracts';
import type { Caller, Engine, IssuedToken } from '@backup-sync/engine';
import { type Request, Router } from 'express';
import { jsonBody } from './json-body.ts';
import { domain, tokenForm } from './keystone-forms.ts';
import { refuseOtherMethods } from './only-methods.ts';
import { publicAddress } from './public-address.ts';
import { authenticate, whence } from './request-scope.ts';

/** In the words of the identity, so that nobody learns which of them is wrong. */
const wrongCredentials = 'user, password or project is not right';

const path = '/v3/auth/tokens';

/** Tokens, in the forms of OpenStack's identity API: issued, validated and revoked. */
export function tokenRoutes(engine: Engine, publicUrl: string | undefined): Router {
  const router = Router({ caseSensitive: true });
  router.post(path, ...jsonBody, async (request, response) => {
    const { auth } = parseOrRefuse(issueTokenRequest, request.body);
    const issued = await issue(engine, auth, whence(request, response, 'rest'));
    response.setHeader('X-Subject-Token', issued.token);
    const address = 'nocatalog' in request.query ? null : publicAddress(publicUrl, request);
    response.status(201).json(tokenForm(address, issued));
  });
  router.get(path, async (request, response) => {
    const { token } = await subjectOf(engine, request);
    response.setHeader('X-Subject-Token', token.token);
    const address = 'nocatalog' in request.query ? null : publicAddress(publicUrl, request);
    response.status(200).json(tokenForm(address, token));
  });
  router.delete(path, async (request, response) => {
    const { caller, token } = await subjectOf(engine, request);
    await engine.identity.revoke(token.token, caller, whence(request, response, 'rest'));
    response.status(204).end();
  });
  refuseOtherMethods(router, path, ['POST', 'GET', 'DELETE']);
  return router;
}

function issue(
  engine: Engine,
  { identity, scope }: IssueTokenRequest['auth'],
  from: ReturnType<typeof whence>,
): Promise<IssuedToken> {
  const project = scope?.project ?? null;
  const user = identity.password?.user;
  const domains = [user?.domain, project !== null && 'domain' in project ? project.domain : undefined];
  if (!domains.every(isTheDomain)) throw new BackupSyncError('not_authenticated', wrongCredentials);
  if (user !== undefined) {
    return engine.identity.issueToken({ from, userName: user.name, password: user.password, project });
  }
  // The request names one of the two methods and carries what it needs.
  return engine.identity.exchangeToken(identity.token?.id ?? '', project, from);
}

/** There is one domain; where none is named, it is meant. */
function isTheDomain(named: { readonly name: string } | { readonly id: string } | undefined): boolean {
  if (named === undefined) return true;
  return 'id' in named ? named.id === domain.id : named.name.toLowerCase() === domain.name.toLowerCase();
}

/**
 * The caller, and the token in `X-Subject-Token`, for who may look into it: an administrator of its project, or its own holder. A bad
 * token of the caller is 401, a bad subject 404, so that a service can tell whose fault it is.
 */
async function subjectOf(engine: Engine, request: Request): Promise<{ caller: Caller; token: IssuedToken }> {
  const caller = await authenticate(engine, request);
  const subject = request.headers['x-subject-token'];
  if (typeof subject !== 'string' || subject === '') {
    throw new BackupSyncError('token_not_found', 'the header X-Subject-Token is missing');
  }
  const token = await engine.identity.inspectToken(subject);
  if (token === null) throw new BackupSyncError('token_not_found', 'there is no such token, or it has ended');
  if (!mayLookInto(caller, token.caller)) {
    throw new BackupSyncError('role_not_allowed', 'looking into another’s token needs the role administrator');
  }
  return { caller, token };
}

function mayLookInto(caller: Caller, holder: Caller): boolean {
  if (caller.projectId !== holder.projectId) return false;
  return caller.role === 'administrator' || (caller.kind === holder.kind && caller.name === holder.name);
}

import { BackupSyncError, type IssueTokenRequest, issueTokenRequest, parseOrRefuse } from '@backup-sync/contracts';
import { type Caller, type Engine, type IssuedToken, ownDomain } from '@backup-sync/engine';
import { type Request, type Response, Router } from 'express';
import { jsonBody } from './json-body.ts';
import { type Addresses, tokenForm } from './keystone-forms.ts';
import { refuseOtherMethods } from './only-methods.ts';
import { addressesOf } from './public-address.ts';
import { authenticate, whence } from './request-scope.ts';

const path = '/v3/auth/tokens';

/** Routes to issue, validate and revoke tokens, in the form of OpenStack's identity API. */
export function tokenRoutes(engine: Engine): Router {
  const router = Router({ caseSensitive: true });
  router.post(path, ...jsonBody, async (request, response) => {
    const { auth } = parseOrRefuse(issueTokenRequest, request.body);
    const issued = await issue(engine, auth, whence(request, response, 'rest'));
    response.setHeader('X-Subject-Token', issued.token);
    response.status(201).json(tokenForm(placesWanted(request), issued));
  });
  router.get(path, async (request, response) => {
    const { token } = await subjectOf(engine, request, response, 'inspectToken');
    response.setHeader('X-Subject-Token', token.token);
    response.status(200).json(tokenForm(placesWanted(request), token));
  });
  router.delete(path, async (request, response) => {
    const { caller, token } = await subjectOf(engine, request, response, 'revokeToken');
    await engine.identity.revoke(token.token, caller, whence(request, response, 'rest'));
    response.status(204).end();
  });
  refuseOtherMethods(router, path, ['POST', 'GET', 'DELETE']);
  return router;
}

/** Returns the addresses for the service catalogue; null if the caller does not want it. */
function placesWanted(request: Request): Addresses | null {
  return 'nocatalog' in request.query ? null : addressesOf(request);
}

function issue(
  engine: Engine,
  { identity, scope }: IssueTokenRequest['auth'],
  from: ReturnType<typeof whence>,
): Promise<IssuedToken> {
  const wanted = scope?.project ?? null;
  const user = identity.password?.user;
  const domains = [user?.domain, wanted !== null && 'domain' in wanted ? wanted.domain : undefined];
  const project = domains.every(isTheDomain) ? wanted : 'elsewhere';
  if (user !== undefined) {
    return engine.identity.issueToken({ from, userName: user.name, password: user.password, project });
  }
  // The schema guarantees that the request has one of the two methods and its fields.
  return engine.identity.exchangeToken(identity.token?.id ?? '', project, from);
}

/** Whether this is the only domain. A request without a domain means that one. */
function isTheDomain(named: { readonly name: string } | { readonly id: string } | undefined): boolean {
  if (named === undefined) return true;
  return 'id' in named ? named.id === ownDomain.id : named.name.toLowerCase() === ownDomain.name.toLowerCase();
}

/**
 * Returns the caller and the token in `X-Subject-Token`. Invalid caller credentials get 401, an unknown subject gets
 * 404.
 */
async function subjectOf(
  engine: Engine,
  request: Request,
  response: Response,
  operation: 'inspectToken' | 'revokeToken',
): Promise<{ caller: Caller; token: IssuedToken }> {
  const caller = await authenticate(engine, request);
  const subject = request.headers['x-subject-token'];
  if (typeof subject !== 'string' || subject === '') {
    throw new BackupSyncError('token_not_found', 'the header X-Subject-Token is missing');
  }
  const token = await engine.lookIntoToken(operation, { caller, ...whence(request, response, 'rest') }, subject);
  return { caller, token };
}

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KeystoneOptions } from '../identity/keystone/keystone-options.ts';

/** The user of a token, in a test's Keystone. */
export type KeystoneUser = {
  readonly name: string;
  readonly projectId: string | null;
  readonly roles: readonly string[];
  /** Name and id of the user's domain (default: the default domain). */
  readonly domain?: string;
  /** Access rules of the application credential that the token was requested with. An empty list allows nothing. */
  readonly accessRules?: readonly object[];
  /** When the token expires, as Keystone writes it (default: after the usual lifetime). */
  readonly expiresAt?: string;
};

/** A real HTTP server that answers like Keystone 22 for the tokens of a test. */
export type KeystoneServer = AsyncDisposable & {
  readonly options: KeystoneOptions;
  readonly tokens: Map<string, KeystoneUser>;
  /** The requests: `issue`, or `validate` followed by the token. */
  readonly asked: string[];
  /** Sets the lifetime of tokens from now on (initially an hour). */
  issueFor(lifetimeMs: number): void;
  /** Invalidates the token of the service. The next one is valid. */
  forgetService(): void;
  /** Issues only invalid tokens to the service. */
  neverKnowService(): void;
  /** Answers everything with this status; null restores normal answers. */
  failWith(status: number | null): void;
};

export async function startKeystone(clock: { nowMs(): number }): Promise<KeystoneServer> {
  const tokens = new Map<string, KeystoneUser>();
  const asked: string[] = [];
  let serviceTokens = 0;
  let goodFrom = 0;
  let lifetimeMs = 60 * 60 * 1000;
  let failure: number | null = null;
  const isOfService = (token: string) => /^service-(\d+)$/.exec(token) !== null && Number(token.slice(8)) > goodFrom;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await Array.fromAsync(request)).toString('utf8');
    if (failure !== null) return refuse(response, failure, 'made to fail');
    if (request.url !== '/v3/auth/tokens?nocatalog') return refuse(response, 404, 'no such path');
    if (request.method === 'POST') {
      asked.push('issue');
      const { user } = JSON.parse(body).auth.identity.password;
      if (user.name !== 'backup-sync' || user.password !== 'service password')
        return refuse(response, 401, unauthorized);
      serviceTokens += 1;
      const token = `service-${serviceTokens}`;
      return send(response, 201, tokenBody({ name: 'backup-sync', projectId: 'service', roles: ['service'] }), token);
    }
    if (!isOfService(String(request.headers['x-auth-token']))) return refuse(response, 401, unauthorized);
    const subject = String(request.headers['x-subject-token']);
    asked.push(`validate ${subject}`);
    const user = tokens.get(subject);
    if (user === undefined) return refuse(response, 404, 'Could not recognize Fernet token');
    const understood = Number(request.headers['openstack-identity-access-rules'] ?? 0);
    if (user.accessRules !== undefined && understood < 1) return refuse(response, 404, 'Failed to validate token');
    return send(response, 200, tokenBody(user), subject);
  }

  function tokenBody({ name, projectId, roles, expiresAt, accessRules, domain: named }: KeystoneUser) {
    const domain = named === undefined ? { id: 'default', name: 'Default' } : { id: named, name: named };
    const time = (ms: number) => new Date(ms).toISOString().replace('Z', '000Z');
    return {
      token: {
        methods: [accessRules === undefined ? 'password' : 'application_credential'],
        ...(accessRules !== undefined && {
          application_credential: { id: 'a', name: 'nightly', restricted: true, access_rules: accessRules },
        }),
        user: { domain, id: `id of ${name}`, name, password_expires_at: null },
        audit_ids: ['RejLfsBxT86RCYUuil-1Gw'],
        expires_at: expiresAt ?? time(clock.nowMs() + lifetimeMs),
        issued_at: time(clock.nowMs()),
        ...(projectId !== null && {
          project: { domain, id: projectId, name: `name of ${projectId}` },
          is_domain: false,
          roles: roles.map((role) => ({ id: `id of ${role}`, name: role })),
        }),
      },
    };
  }

  const server = createServer({ maxHeaderSize: 64 * 1024 }, (request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    options: {
      url: `http://127.0.0.1:${port}/v3`,
      user: 'backup-sync',
      password: 'service password',
      userDomain: 'Default',
      project: 'service',
      projectDomain: 'Default',
      roles: new Map([
        ['admin', 'administrator'],
        ['member', 'operator'],
        ['reader', 'reader'],
      ]),
    },
    tokens,
    asked,
    issueFor: (lived) => {
      lifetimeMs = lived;
    },
    forgetService: () => {
      goodFrom = serviceTokens;
    },
    neverKnowService: () => {
      goodFrom = Number.POSITIVE_INFINITY;
    },
    failWith: (status) => {
      failure = status;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      if (server.listening) await once(server, 'close');
    },
  };
}

const unauthorized = 'The request you have made requires authentication.';

function refuse(response: ServerResponse, status: number, message: string): void {
  send(response, status, { error: { code: status, message, title: 'Refused' } });
}

function send(response: ServerResponse, status: number, body: unknown, token?: string): void {
  response.writeHead(status, {
    'Content-Type': 'application/json',
    Vary: 'X-Auth-Token',
    ...(token !== undefined && { 'X-Subject-Token': token }),
  });
  response.end(JSON.stringify(body));
}

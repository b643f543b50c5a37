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

/** A user who gets tokens for a password, in a test's Keystone. */
export type KeystoneAccount = {
  readonly password: string;
  /** Name and id of the user's domain (default: the default domain). */
  readonly domain?: string;
  /** The roles of the user, by project. */
  readonly projects: Readonly<Record<string, readonly string[]>>;
  /** The project of a token for which no scope was requested. */
  readonly defaultProject?: string;
};

/** A real HTTP server that answers like Keystone 22 for the tokens of a test. */
export type KeystoneServer = AsyncDisposable & {
  readonly options: KeystoneOptions;
  readonly tokens: Map<string, KeystoneUser>;
  /** Users other than the service, by name. */
  readonly accounts: Map<string, KeystoneAccount>;
  /** The requests: `issue`, or `validate` or `revoke` followed by the token, or `projects`. */
  readonly asked: string[];
  /** Sets the lifetime of tokens from now on (initially an hour). */
  issueFor(lifetimeMs: number): void;
  /** Invalidates the token of the service. The next one is valid. */
  forgetService(): void;
  /** Issues only invalid tokens to the service. */
  neverKnowService(): void;
  /** Whether a token for a project can be exchanged for one of another project (initially it can). */
  rescopeTokens(isAllowed: boolean): void;
  /** Issues tokens of at least this many characters to users from now on. */
  lengthenTokens(characters: number): void;
  /** Whether users may revoke their tokens (initially they may). */
  revokeTokens(isAllowed: boolean): void;
  /** Answers everything with this status; null restores normal answers. */
  failWith(status: number | null): void;
};

export async function startKeystone(clock: { nowMs(): number }): Promise<KeystoneServer> {
  const tokens = new Map<string, KeystoneUser>();
  const accounts = new Map<string, KeystoneAccount>();
  let mayRescope = true;
  let mayRevoke = true;
  let userTokens = 0;
  let tokenCharacters = 0;
  const asked: string[] = [];
  let serviceTokens = 0;
  let goodFrom = 0;
  let lifetimeMs = 60 * 60 * 1000;
  let failure: number | null = null;
  const isOfService = (token: string) => /^service-(\d+)$/.exec(token) !== null && Number(token.slice(8)) > goodFrom;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await Array.fromAsync(request)).toString('utf8');
    if (failure !== null) return refuse(response, failure, 'made to fail');
    if (request.url === '/v3/auth/projects') return listProjects(request, response);
    if (request.url !== '/v3/auth/tokens?nocatalog') return refuse(response, 404, 'no such path');
    if (request.method === 'DELETE') return revoke(request, response);
    if (request.method === 'POST') {
      asked.push('issue');
      const { auth } = JSON.parse(body);
      const { user } = auth.identity.password ?? {};
      if (user?.name !== 'backup-sync') return issueForUser(auth, response);
      if (user.password !== 'service password') return refuse(response, 401, unauthorized);
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

  async function issueForUser({ identity, scope }: Auth, response: ServerResponse): Promise<void> {
    const from = tokens.get(identity.token?.id ?? '');
    if (from !== undefined && from.projectId !== null && !mayRescope)
      return refuse(response, 403, 'You are not authorized');
    const user = identity.password?.user;
    const name = user?.name ?? user?.id?.replace('id of ', '') ?? from?.name ?? '';
    const account = accounts.get(name);
    const domain = account?.domain ?? 'default';
    const isRight = user === undefined ? from !== undefined : user.password === account?.password;
    const isOfDomain = user?.domain === undefined || Object.values(user.domain)[0] === domain;
    if (account === undefined || !isRight || !isOfDomain) return refuse(response, 401, unauthorized);
    const named = scope?.project;
    const wanted = named === undefined ? account.defaultProject : (named.id ?? named.name?.replace('name of ', ''));
    const roles = wanted === undefined ? [] : account.projects[wanted];
    if (roles === undefined) return refuse(response, 401, `User has no access to project ${wanted}`);
    userTokens += 1;
    const token = `token-${userTokens}`.padEnd(tokenCharacters, 'x');
    tokens.set(token, { name, projectId: wanted ?? null, roles, ...(account.domain && { domain: account.domain }) });
    return send(response, 201, tokenBody(tokens.get(token) as KeystoneUser), token);
  }

  async function listProjects(request: IncomingMessage, response: ServerResponse): Promise<void> {
    asked.push('projects');
    const user = tokens.get(String(request.headers['x-auth-token']));
    if (user === undefined) return refuse(response, 401, unauthorized);
    const ids = Object.keys(accounts.get(user.name)?.projects ?? {});
    const projects = ids.map((id) => ({ id, name: `name of ${id}`, enabled: true, domain_id: 'default' }));
    return send(response, 200, { projects, links: { self: request.url, next: null, previous: null } });
  }

  async function revoke(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const subject = String(request.headers['x-subject-token']);
    asked.push(`revoke ${subject}`);
    if (!mayRevoke) return refuse(response, 403, 'You are not authorized');
    if (!tokens.delete(subject)) return refuse(response, 401, unauthorized);
    response.writeHead(204).end();
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
    accounts,
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
    rescopeTokens: (isAllowed) => {
      mayRescope = isAllowed;
    },
    lengthenTokens: (characters) => {
      tokenCharacters = characters;
    },
    revokeTokens: (isAllowed) => {
      mayRevoke = isAllowed;
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

type Auth = {
  readonly identity: {
    readonly token?: { readonly id: string };
    readonly password?: {
      readonly user: {
        readonly name?: string;
        readonly id?: string;
        readonly password: string;
        readonly domain?: Readonly<Record<string, string>>;
      };
    };
  };
  readonly scope?: { readonly project: { readonly id?: string; readonly name?: string } };
};

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

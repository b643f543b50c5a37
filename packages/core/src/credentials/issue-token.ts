import { BackupSyncError, type IssueTokenRequest, issueTokenRequest, parseOrRefuse } from '@backup-sync/contracts';
import { z } from 'zod';
import type { CallOptions } from '../calls.ts';
import { parseEndpoint, urlOf } from '../http/endpoint.ts';
import type { HttpOptions } from '../http/exchange.ts';
import { traceOf } from '../http/trace.ts';
import { Transport } from '../http/transport.ts';
import { systemRuntime } from '../runtime.ts';
import { anonymous } from './authorization.ts';

/** A user with password, and the project that the token is for. */
export type PasswordCredentials = {
  /** Name of the user. */
  readonly user: string;
  readonly password: string;
  /** Name of the user's domain (default `Default`); for Huawei Cloud, the name of the account. */
  readonly domain?: string;
  /** Project of the token. By default the service chooses. */
  readonly project?: { readonly id: string } | { readonly name: string };
};

/** A token to exchange for a new one. By default the new token is for the same project. */
export type TokenCredentials = { readonly token: string } & Pick<PasswordCredentials, 'project'>;

/** A token that an identity service has issued. */
export type ClientToken = {
  readonly token: string;
  /** Id of the project that the token is for. */
  readonly projectId: string;
  /** When the token expires, milliseconds since 1970. */
  readonly expiresAtMs: number;
};

/** The parts of the answer that the client needs. Clouds return many other fields. */
const tokenAnswer = z.object({
  token: z.object({
    issued_at: z.iso.datetime(),
    expires_at: z.iso.datetime(),
    project: z.object({ id: z.string() }),
  }),
});

/**
 * Fetches a token for a user with password, or in exchange for another token, by `POST /v3/auth/tokens`. `endpoint` is
 * the address of the identity service. Throws `BackupSyncError`.
 */
export async function issueToken(
  endpoint: string,
  credentials: PasswordCredentials | TokenCredentials,
  { signal, ...http }: CallOptions & HttpOptions = {},
): Promise<ClientToken> {
  const transport = new Transport(anonymous, systemRuntime, http);
  const { token, projectId, expiresAtMs } = await fetchToken(
    transport,
    tokensUrl(parseEndpoint(endpoint)),
    credentials,
    signal,
  );
  return { token, projectId, expiresAtMs };
}

/** Returns the address at which an identity service issues tokens. */
export function tokensUrl(endpoint: URL): URL {
  return urlOf(endpoint, '/v3/auth/tokens');
}

/** Fetches a token. `lifetimeMs` comes from the service's clock alone, so this machine's clock may differ. */
export async function fetchToken(
  identity: Transport,
  url: URL,
  credentials: PasswordCredentials | TokenCredentials,
  signal: AbortSignal | undefined,
): Promise<ClientToken & { readonly lifetimeMs: number }> {
  const body = parseOrRefuse(issueTokenRequest, { auth: authOf(credentials) } satisfies IssueTokenRequest);
  const answer = await identity.call({ method: 'POST', url, body, repeatable: true, signal });
  const parsed = tokenAnswer.safeParse(answer.body);
  const token = answer.headers.get('x-subject-token');
  if (!parsed.success || token === null) {
    throw new BackupSyncError('unexpected_answer', `the answer of ${url.origin} has no token of a project`, {
      cause: parsed.error,
      ...traceOf(answer),
    });
  }
  const { project, issued_at, expires_at } = parsed.data.token;
  const expiresAtMs = Date.parse(expires_at);
  return { token, projectId: project.id, expiresAtMs, lifetimeMs: expiresAtMs - Date.parse(issued_at) };
}

function authOf(credentials: PasswordCredentials | TokenCredentials): IssueTokenRequest['auth'] {
  const { project } = credentials;
  const scope = project === undefined ? {} : { scope: { project } };
  if ('token' in credentials) return { identity: { methods: ['token'], token: { id: credentials.token } }, ...scope };
  const { user: name, password, domain = 'Default' } = credentials;
  return {
    identity: { methods: ['password'], password: { user: { name, password, domain: { name: domain } } } },
    ...scope,
  };
}

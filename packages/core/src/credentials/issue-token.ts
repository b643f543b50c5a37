import { BackupSyncError, type IssueTokenRequest, issueTokenRequest, parseOrRefuse } from '@backup-sync/contracts';
import { z } from 'zod';
import type { CallOptions } from '../calls.ts';
import { parseEndpoint, urlOf } from '../http/endpoint.ts';
import type { HttpOptions } from '../http/exchange.ts';
import { traceOf } from '../http/trace.ts';
import { Transport } from '../http/transport.ts';
import { systemRuntime } from '../runtime.ts';
import { anonymous } from './authorization.ts';

export type PasswordCredentials = {
  readonly user: string;
  readonly password: string;
  /** Name of the user's domain; Huawei Cloud wants the account's. */
  readonly domain?: string;
  /** Project to scope the token to; without one the service chooses. */
  readonly project?: { readonly id: string } | { readonly name: string };
};

/** A token to exchange. Without a project the new one is for that of the old. */
export type TokenCredentials = { readonly token: string } & Pick<PasswordCredentials, 'project'>;

export type ClientToken = {
  readonly token: string;
  readonly projectId: string;
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
};

/** What is needed of the answer; clouds tell much more, and not all of it alike. */
const tokenAnswer = z.object({
  token: z.object({
    issued_at: z.iso.datetime(),
    expires_at: z.iso.datetime(),
    project: z.object({ id: z.string() }),
  }),
});

/**
 * Fetches a token by `POST /v3/auth/tokens`, for a user with password or in exchange for a token. Throws
 * `BackupSyncError`.
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

/** Where an identity service issues tokens. */
export function tokensUrl(endpoint: URL): URL {
  return urlOf(endpoint, '/v3/auth/tokens');
}

/** `lifetimeMs` is by the service's own clock: it does not matter whether this machine's agrees. */
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
    throw new BackupSyncError('unexpected_answer', `${url.origin} did not answer with a token of a project`, {
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

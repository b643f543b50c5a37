import {
  BackupSyncError,
  type IssueTokenRequest,
  issueTokenAnswer,
  issueTokenRequest,
  parseOrRefuse,
} from '@backup-sync/contracts';
import { parseEndpoint, urlOf } from './client.ts';
import type { CallOptions } from './operations.ts';
import { request } from './request.ts';

/** A user with password, or a token to be exchanged for a fresh one. */
export type Credentials = PasswordCredentials | { readonly token: string };

export type PasswordCredentials = {
  readonly user: string;
  readonly password: string;
  /** Name of the user's domain; Huawei Cloud wants the account's. */
  readonly domain?: string;
  /** Project to scope the token to; without one the service chooses. */
  readonly project?: { readonly id: string } | { readonly name: string };
};

export type ClientToken = {
  readonly token: string;
  readonly projectId: string;
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
};

/** Fetches a token by `POST /v3/auth/tokens`. */
export async function issueToken(
  endpoint: string,
  credentials: Credentials,
  options: CallOptions = {},
): Promise<ClientToken> {
  const url = urlOf(parseEndpoint(endpoint), '/v3/auth/tokens');
  const body: IssueTokenRequest = { auth: authOf(credentials) };
  const answer = await request({
    method: 'POST',
    url,
    body: parseOrRefuse(issueTokenRequest, body),
    signal: options.signal,
  });
  const parsed = issueTokenAnswer.safeParse(answer.body);
  const token = answer.headers.get('x-subject-token');
  if (!parsed.success || token === null) {
    throw new BackupSyncError('unexpected_answer', `${url.origin} did not answer with a token of a project`);
  }
  const { project, expires_at } = parsed.data.token;
  return { token, projectId: project.id, expiresAtMs: Date.parse(expires_at) };
}

function authOf(credentials: Credentials): IssueTokenRequest['auth'] {
  if ('token' in credentials) return { identity: { methods: ['token'], token: { id: credentials.token } } };
  const { user: name, password, domain = 'Default', project } = credentials;
  return {
    identity: { methods: ['password'], password: { user: { name, password, domain: { name: domain } } } },
    ...(project !== undefined && { scope: { project } }),
  };
}

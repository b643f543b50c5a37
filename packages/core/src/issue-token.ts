import {
  BackupSyncError,
  type IssueTokenRequest,
  issueTokenAnswer,
  issueTokenRequest,
  parseOrRefuse,
} from '@backup-sync/contracts';
import { parseEndpoint } from './client.ts';
import type { CallOptions } from './operations.ts';
import { request } from './request.ts';

export type Credentials = {
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
  const url = new URL('/v3/auth/tokens', parseEndpoint(endpoint));
  const body: IssueTokenRequest = {
    auth: {
      identity: {
        methods: ['password'],
        password: {
          user: {
            name: credentials.user,
            password: credentials.password,
            domain: { name: credentials.domain ?? 'Default' },
          },
        },
      },
      ...(credentials.project !== undefined && { scope: { project: credentials.project } }),
    },
  };
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

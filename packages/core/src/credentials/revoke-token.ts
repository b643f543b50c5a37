import type { CallOptions } from '../calls.ts';
import { parseEndpoint } from '../http/endpoint.ts';
import type { HttpOptions } from '../http/exchange.ts';
import { setHeader } from '../http/set-header.ts';
import { Transport } from '../http/transport.ts';
import { systemRuntime } from '../runtime.ts';
import { type Authorization, withToken } from './authorization.ts';
import { tokensUrl } from './issue-token.ts';

/**
 * Revokes a token by `DELETE /v3/auth/tokens`, with the token itself as credentials. Throws `BackupSyncError`:
 * `not_authenticated` if the token is no longer valid.
 */
export async function revokeToken(
  endpoint: string,
  token: string,
  { signal, ...http }: CallOptions & HttpOptions = {},
): Promise<void> {
  const transport = new Transport(asItself(token), systemRuntime, http);
  await transport.call({ method: 'DELETE', url: tokensUrl(parseEndpoint(endpoint)), repeatable: false, signal });
}

function asItself(token: string): Authorization {
  return {
    async authorize({ headers }) {
      const all = withToken(headers, token);
      setHeader(all, 'x-subject-token', token);
      return all;
    },
    renew: () => false,
  };
}

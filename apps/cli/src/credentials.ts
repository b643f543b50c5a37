import type { Credentials } from '@backup-sync/core';
import type { Environment, Secret } from './environment.ts';
import { UsageError } from './failure.ts';

/** How a command comes in at a server: by a token, or by an access key, with which each request is signed. */
export type ServerCredentials =
  | { readonly kind: 'token'; readonly token: Secret }
  | { readonly kind: 'access key'; readonly accessKey: string; readonly secretKey: Secret };

/** What the environment has for a server, and the variable that names it. */
export type EnvironmentCredentials = {
  readonly credentials: ServerCredentials;
  readonly variable: 'BACKUP_SYNC_TOKEN' | 'BACKUP_SYNC_ACCESS_KEY';
};

/** Null where the environment has nothing. Throws {@link UsageError} for half of a key pair, and for a token beside one. */
export function environmentCredentials(environment: Environment): EnvironmentCredentials | null {
  const { BACKUP_SYNC_TOKEN: token } = environment;
  const { BACKUP_SYNC_ACCESS_KEY: accessKey, BACKUP_SYNC_SECRET_ACCESS_KEY: secretKey } = environment;
  if (accessKey === undefined && secretKey === undefined) {
    return token === undefined ? null : { credentials: { kind: 'token', token }, variable: 'BACKUP_SYNC_TOKEN' };
  }
  if (accessKey === undefined || secretKey === undefined) {
    throw new UsageError(
      'an access key needs both BACKUP_SYNC_ACCESS_KEY and BACKUP_SYNC_SECRET_ACCESS_KEY; one is set',
    );
  }
  if (token !== undefined) {
    throw new UsageError('BACKUP_SYNC_TOKEN and BACKUP_SYNC_ACCESS_KEY are both set: unset the one that is not meant');
  }
  return { credentials: { kind: 'access key', accessKey, secretKey }, variable: 'BACKUP_SYNC_ACCESS_KEY' };
}

/** As core's client takes them. */
export function revealed(
  credentials: ServerCredentials,
): Extract<Credentials, { token: string } | { accessKey: string }> {
  return credentials.kind === 'token'
    ? { token: credentials.token.reveal() }
    : { accessKey: credentials.accessKey, secretKey: credentials.secretKey.reveal() };
}

import type { Credentials } from '@backup-sync/core';
import type { Environment, Secret } from './environment.ts';
import { UsageError } from './failure.ts';

/** Credentials for a server: a token, or an access key that signs each request. */
export type ServerCredentials =
  | { readonly kind: 'token'; readonly token: Secret }
  | { readonly kind: 'access key'; readonly accessKey: string; readonly secretKey: Secret };

/** Credentials from the environment, and the variable that they come from. */
export type EnvironmentCredentials = {
  readonly credentials: ServerCredentials;
  readonly variable: 'BACKUP_SYNC_TOKEN' | 'BACKUP_SYNC_ACCESS_KEY';
};

/**
 * Reads the credentials in the environment; null if there are none. Throws {@link UsageError} for half of a key pair,
 * and for a token along with an access key.
 */
export function environmentCredentials(environment: Environment): EnvironmentCredentials | null {
  const { BACKUP_SYNC_TOKEN: token } = environment;
  const { BACKUP_SYNC_ACCESS_KEY: accessKey, BACKUP_SYNC_SECRET_ACCESS_KEY: secretKey } = environment;
  if (accessKey === undefined && secretKey === undefined) {
    return token === undefined ? null : { credentials: { kind: 'token', token }, variable: 'BACKUP_SYNC_TOKEN' };
  }
  if (accessKey === undefined || secretKey === undefined) {
    throw new UsageError(
      'only one of BACKUP_SYNC_ACCESS_KEY and BACKUP_SYNC_SECRET_ACCESS_KEY is set: an access key needs both',
    );
  }
  if (token !== undefined) {
    throw new UsageError('BACKUP_SYNC_TOKEN and BACKUP_SYNC_ACCESS_KEY are both set: unset one of them');
  }
  return { credentials: { kind: 'access key', accessKey, secretKey }, variable: 'BACKUP_SYNC_ACCESS_KEY' };
}

/** Returns the credentials in the form that core's client takes. */
export function revealed(
  credentials: ServerCredentials,
): Extract<Credentials, { token: string } | { accessKey: string }> {
  return credentials.kind === 'token'
    ? { token: credentials.token.reveal() }
    : { accessKey: credentials.accessKey, secretKey: credentials.secretKey.reveal() };
}

import { readFileSync } from 'node:fs';
import { type Environment, Secret } from './environment.ts';
import { UsageError } from './failure.ts';

type Name =
  | 'BACKUP_SYNC_ADMIN_PASSWORD'
  | 'BACKUP_SYNC_DATABASE_URL'
  | 'BACKUP_SYNC_KEYSTONE_PASSWORD'
  | 'BACKUP_SYNC_METRICS_TOKEN'
  | 'BACKUP_SYNC_SECRET_KEY';

/**
 * Returns the secret in a variable, or in the file that the variable with `_FILE` names; undefined if neither is set.
 * A line break at the end of the file does not belong to the secret.
 *
 * Throws {@link UsageError} if both are set, or if the file is empty or cannot be read. It is read only when a command
 * needs it: other commands may run as a user who cannot read it.
 */
export function readSecretVariable(environment: Environment, name: Name): Secret | undefined {
  const path = environment[`${name}_FILE`];
  const given = environment[name];
  if (path === undefined) return given;
  if (given !== undefined) throw new UsageError(`${name} and ${name}_FILE are both set: unset one of them`);
  // In a configuration file, a secret may have been pasted instead of the path: only its line is shown.
  const line = environment.origins.get(`${name}_FILE`);
  const where = line === undefined ? `${name}_FILE names ${JSON.stringify(path)}` : `${line} names a file`;
  let content: string;
  try {
    content = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new UsageError(`${where}, which cannot be read (${code}): name a readable file`, { cause });
  }
  if (content === '') throw new UsageError(`${where}, which is empty: write the secret to it`);
  return new Secret(content);
}

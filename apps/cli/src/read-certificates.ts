import { readFileSync } from 'node:fs';
import { parseTrustedRoots, type TrustedRoots } from '@backup-sync/engine/trusted-roots';
import { type Environment, originOf } from './environment.ts';
import { UsageError } from './failure.ts';

type Name = 'AWS_CA_BUNDLE' | 'BACKUP_SYNC_TRUSTED_ROOTS';

/**
 * Reads the certificates in the PEM file that a variable names; none if it is not set. Throws `UsageError` if the file
 * cannot be read or has none.
 */
export function readCertificates(environment: Environment, name: Name): readonly string[] {
  const path = environment[name];
  if (path === undefined) return [];
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw refusal(environment, name, `which cannot be read (${code})`, 'name a readable PEM file', cause);
  }
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  if (certificates === null)
    throw refusal(environment, name, 'which has no certificate in PEM form', 'name a PEM file');
  return certificates;
}

/** Reads the certificates that may vouch for who signed a package. Throws `UsageError` if one of them cannot be read. */
export function readTrustedRoots(environment: Environment): TrustedRoots | undefined {
  const certificates = readCertificates(environment, 'BACKUP_SYNC_TRUSTED_ROOTS');
  if (certificates.length === 0) return undefined;
  try {
    return parseTrustedRoots(certificates);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'TrustedRootsError') throw error;
    const { message } = error;
    throw refusal(
      environment,
      'BACKUP_SYNC_TRUSTED_ROOTS',
      `but ${message}`,
      'leave only root certificates in it',
      error,
    );
  }
}

function refusal(environment: Environment, name: Name, problem: string, remedy: string, cause?: unknown): UsageError {
  const named = `${originOf(environment, name)} names ${JSON.stringify(environment[name])}`;
  return new UsageError(`${named}, ${problem}: ${remedy}`, { cause });
}

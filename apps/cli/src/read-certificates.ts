import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { parseTrustedRoots, type TrustedRoots } from '@backup-sync/engine/trusted-roots';
import { type Environment, originOf } from './environment.ts';
import { UsageError } from './failure.ts';
import { formatBytes } from './printable.ts';

type Name = 'AWS_CA_BUNDLE' | 'BACKUP_SYNC_TRUSTED_ROOTS';

type Why = readonly [problem: string, remedy: string, cause?: unknown];

/** Maximum number of bytes of a file of certificates. Public collections have about 250 KiB. */
const bytesMax = 16 * 1024 * 1024;

/** The beginning of a certificate, or of something that was cut or changed so that it may have been one. */
const beginPattern = /-----BEGIN\b(?! [A-Z0-9 ]*(?<!CERTIFICATE)-----)/g;
const labelPattern = /-----BEGIN ([A-Z0-9 ]+ CERTIFICATE)-----/y;
const certificatePattern = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/y;

/**
 * Reads the certificates in the PEM file that a variable names; none if it is not set. Throws `UsageError` if the file
 * cannot be read or has none, or if one of them is not whole.
 */
export function readCertificates(environment: Environment, name: Name): readonly string[] {
  const path = environment[name];
  if (path === undefined) return [];
  const refuse = (...why: Why) => refusal(environment, name, ...why);
  const text = readText(path, refuse);
  const certificates: string[] = [];
  for (const { index } of text.matchAll(beginPattern)) {
    const certificate = matchAt(certificatePattern, text, index)?.[0];
    if (certificate === undefined) throw refuse(...whyNotWhole(text, index));
    certificates.push(certificate);
  }
  if (certificates.length === 0) throw refuse('which has no certificate in PEM form', 'name a PEM file');
  return certificates;
}

/** Reads a regular file. A pipe might never end. */
function readText(path: string, refuse: (...why: Why) => UsageError): string {
  let file: number | null = null;
  try {
    // Without waiting for a writer of a pipe.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(file);
    if (!stats.isFile()) throw refuse('which is not a regular file', 'name a readable PEM file');
    if (stats.size > bytesMax)
      throw refuse(`which is larger than ${formatBytes(bytesMax)}`, 'leave only certificates in it');
    return readFileSync(file, 'utf8');
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    throw refuse(`which cannot be read (${code})`, 'name a readable PEM file', cause);
  } finally {
    if (file !== null) closeSync(file);
  }
}

/** Why what begins at this index of a file is not a certificate that can be read. */
function whyNotWhole(text: string, index: number): Why {
  const line = text.slice(0, index).split('\n').length;
  const label = matchAt(labelPattern, text, index)?.[1];
  return label === undefined
    ? [`whose certificate at line ${line} is not whole`, 'copy all of it, from BEGIN CERTIFICATE to END CERTIFICATE']
    : [`which has a ${label} at line ${line}`, 'convert it with "openssl x509", or remove it'];
}

function matchAt(pattern: RegExp, text: string, index: number): RegExpExecArray | null {
  pattern.lastIndex = index;
  return pattern.exec(text);
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

function refusal(environment: Environment, name: Name, ...[problem, remedy, cause]: Why): UsageError {
  const named = `${originOf(environment, name)} names ${JSON.stringify(environment[name])}`;
  return new UsageError(`${named}, ${problem}: ${remedy}`, { cause });
}

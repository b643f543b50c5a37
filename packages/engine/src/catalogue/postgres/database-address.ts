import { parse } from 'pg-connection-string';

/** A database cannot be used. The message is for the operator, and has no credentials. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
}

/** Where a database is. */
export type DatabaseAddress = {
  /** With the credentials. Never shown. */
  readonly url: string;
  /** Host, port and name, to be shown. */
  readonly shown: string;
};

/**
 * Parses the address of a PostgreSQL database. If it asks for TLS, the certificate of the server is always checked.
 * `origin` names where the address comes from. Throws {@link DatabaseError}.
 */
export function parseDatabaseAddress(url: string, origin: string): DatabaseAddress {
  const refuse = (problem: string) =>
    new DatabaseError(
      `${origin} ${problem}: give the address of a PostgreSQL database, such as ` +
        'postgres://user:password@db.example.com:5432/backup_sync.',
    );
  if (!/^postgres(ql)?:\/\//.test(url)) throw refuse('does not begin with postgres://');
  const verified = url
    .replace(/([?&]sslmode=)(?:prefer|require|verify-ca|no-verify)(?=&|$)/g, '$1verify-full')
    .replace(/([?&])ssl=no-verify(?=&|$)/g, '$1sslmode=verify-full');
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(verified);
  } catch (error) {
    // The error of the parser quotes what it was given, unless that of a certificate, which it reads.
    const file = error instanceof Error && 'path' in error && 'code' in error ? error : null;
    if (file === null) throw refuse('is not a valid address');
    throw new DatabaseError(`${origin} names the file ${file.path}, which cannot be read (${file.code}).`);
  }
  const { host, port, database } = parsed;
  if (database === null || database === undefined || database === '') throw refuse('names no database');
  // A part of a password that has a "/" would be taken for the name, and shown.
  if (database.includes('@'))
    throw refuse('has an "@" behind its host. In a password, write "/" as %2F and "@" as %40');
  // A host that begins with a slash is a directory with a socket.
  const place = host === null || host === '' ? 'localhost' : host;
  return {
    url: verified,
    shown: `${place}${port === null || port === undefined || port === '' ? '' : `:${port}`}/${database}`,
  };
}

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
  const verified = url.replace(/([?&]sslmode=)(?:prefer|require|verify-ca)(?=&|$)/, '$1verify-full');
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(verified);
  } catch {
    // The error of the parser quotes what it was given.
    throw refuse('is not a valid address');
  }
  const { host, port, database } = parsed;
  if (database === null || database === undefined || database === '') throw refuse('names no database');
  // A host that begins with a slash is a directory with a socket.
  const place = host === null || host === '' ? 'localhost' : host;
  return {
    url: verified,
    shown: `${place}${port === null || port === undefined || port === '' ? '' : `:${port}`}/${database}`,
  };
}

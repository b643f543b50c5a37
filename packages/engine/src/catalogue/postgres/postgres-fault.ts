import { CatalogueFullError, CatalogueUnavailableError } from '../catalogue-errors.ts';

/**
 * Errors of PostgreSQL after which a transaction can be run again: two that waited for each other, one that must not
 * have overlapped with another, and a row that another inserted meanwhile.
 */
const passingCodes: ReadonlySet<unknown> = new Set(['40P01', '40001', '23505', '55P03']);

/** Those of two transactions that were in each other's way. */
const conflictCodes: ReadonlySet<unknown> = new Set(['40P01', '40001']);

/** Errors of a full disk. */
const fullCodes: ReadonlySet<unknown> = new Set(['53100']);

/**
 * Classes and codes of errors of a database that cannot serve now: lost connections, a refused login, a database that is
 * being restored, too few resources, a server that starts or stops, a transaction that was ended because its process was
 * stopped, a copy that cannot be written, and transactions that others were in the way of each time.
 */
const unavailableClasses = ['08', '28', '3D', '53', '57'];
const unavailableCodes: ReadonlySet<unknown> = new Set(['25006', '25P03', '55P03', '40P01', '40001']);

/** Errors of the connection, as Node names them. */
const connectionCodes: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
]);

/** What `pg` says, without a code, about a connection that is gone or was not made in time. */
const lostConnection =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|Cannot use a pool|Query read timeout|timeout expired|The server does not support SSL)/;

/** Whether a transaction that failed like this is to be run again. */
export function isPassing(error: unknown): boolean {
  return passingCodes.has(codeOf(error)) || isOfStatement(error);
}

/** Whether a transaction failed because it and another waited for each other, or must not have overlapped. */
export function isConflict(error: unknown): boolean {
  return conflictCodes.has(codeOf(error));
}

/** Whether a transaction failed because of how one of its statements was prepared. Nothing of it has been done. */
export function isOfStatement(error: unknown): boolean {
  return isStaleStatement(error) || isLostStatement(error);
}

/** Whether the result of a prepared statement has other columns since a migration. Only its connection is affected. */
export function isStaleStatement(error: unknown): boolean {
  // The code is that of everything that PostgreSQL does not support. Its message may be in any language.
  return codeOf(error) === '0A000' && error instanceof Error && 'routine' in error && error.routine === staleRoutine;
}

/** Where PostgreSQL notices that a prepared statement would have another result. */
const staleRoutine = 'RevalidateCachedQuery';

/** Whether a prepared statement is gone, or there before it was prepared. Then connections share sessions of the server. */
export function isLostStatement(error: unknown): boolean {
  return lostStatementCodes.has(codeOf(error));
}

const lostStatementCodes: ReadonlySet<unknown> = new Set(['26000', '42P05']);

/** Number of times that a transaction is run if others are in its way. */
const attemptsMax = 20;

/**
 * Runs a transaction, again if others are in its way or `mayPass` says so of its error. Throws its error, or that of a
 * catalogue that cannot serve.
 */
export async function untilUnhindered<Result>(
  run: () => Promise<Result>,
  mayPass: (error: unknown) => boolean = isPassing,
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (attempt === attemptsMax || !mayPass(error)) throw catalogueFault(error);
    }
  }
}

/** Returns the error of a catalogue that cannot serve, if that is what an error of the database means. */
export function catalogueFault(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = codeOf(error);
  if (fullCodes.has(code)) {
    return new CatalogueFullError("The disk of the catalogue's database is full. Free space on it.", { cause: error });
  }
  if (!isUnavailable(error, code)) return error;
  return new CatalogueUnavailableError(`The catalogue's database does not answer: ${reasonOf(error)}.`, {
    cause: error,
  });
}

function isUnavailable(error: Error, code: unknown): boolean {
  if (connectionCodes.has(code) || unavailableCodes.has(code) || lostConnection.test(error.message)) return true;
  return typeof code === 'string' && code.length === 5 && unavailableClasses.some((each) => code.startsWith(each));
}

/** The message of an error; of one that stands for several attempts to connect, the message of the first. */
export function reasonOf(error: Error): string {
  const [first] = error instanceof AggregateError ? error.errors : [];
  const message = first instanceof Error ? first.message : error.message;
  return message.replace(/\.$/, '');
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

import { newPassword } from '@backup-sync/contracts';
import type { RunningGateway } from '@backup-sync/gateway';
import { databaseOptions, localOptions } from '../connect.ts';
import type { Environment } from '../environment.ts';
import { UsageError } from '../failure.ts';
import type { LogOptions } from '../log/log-options.ts';
import type { ProcessLog } from '../log/open-log.ts';
import { readSecretVariable } from '../secret-variable.ts';
import { databaseOf } from '../target.ts';
import type { CommandContext } from './command-context.ts';
import { type EdgeOptions, edgesOf } from './edge-options.ts';
import { type MetricsOptions, metricsPlaceOf, parseListen } from './metrics-place.ts';

const defaultListen = '127.0.0.1:8787';

/** The options of a server: its addresses, TLS and limits. */
export type ServeOptions = EdgeOptions &
  LogOptions &
  MetricsOptions & {
    readonly listen?: string | undefined;
    readonly publicUrl?: string | undefined;
    /** Seconds. */
    readonly retryFor?: number | undefined;
    readonly backlog?: number | undefined;
    /** False if other nodes of the same database do the work. */
    readonly work?: boolean;
  };

/** Opens the data directory or database and serves it at `--listen`, BACKUP_SYNC_LISTEN or the default. */
export async function startGateway(
  context: CommandContext,
  options: ServeOptions,
  { log, onFault }: Pick<ProcessLog, 'log' | 'onFault'>,
): Promise<RunningGateway> {
  const { environment } = context;
  const { host, port } = listenOf(options, environment);
  const publicUrl = publicUrlOf(options, environment);
  const administratorPassword = readAdministratorPassword(environment);
  const local = placeOf(context, options);
  const edges = edgesOf(options, environment);
  const { serve } = await import('@backup-sync/gateway');
  return serve({
    ...local,
    retryForMs: options.retryFor === undefined ? local.retryForMs : options.retryFor * 1000,
    backlogMax: options.backlog ?? local.backlogMax,
    ...edges,
    metrics: metricsPlaceOf(options, environment, () => edges),
    host,
    port,
    publicUrl,
    administratorPassword,
    version: context.version,
    onFault,
    log,
  });
}

/** The catalogue to serve, with the options of its work. */
function placeOf({ connect, environment }: CommandContext, { work = true }: ServeOptions) {
  if (databaseOf(connect, environment) !== null) {
    return { ...databaseOptions(connect, environment), serves: true, works: work };
  }
  if (work) return localOptions(connect, environment, '');
  throw new UsageError(
    '--no-work needs a database that other nodes work on: name it with --database or BACKUP_SYNC_DATABASE_URL',
  );
}

/**
 * Reads the password of the first administrator, and checks it like the API checks any user's: this one gives access to
 * everything.
 */
export function readAdministratorPassword(environment: Environment): string | undefined {
  const given = readSecretVariable(environment, 'BACKUP_SYNC_ADMIN_PASSWORD');
  if (given === undefined) return undefined;
  const parsed = newPassword.safeParse(given.reveal());
  if (parsed.success) return parsed.data;
  throw new UsageError(`BACKUP_SYNC_ADMIN_PASSWORD ${parsed.error.issues.map(({ message }) => message).join('; ')}`);
}

/** The address that the server listens on: `127.0.0.1:8787`, `[::1]:8787` or `localhost:8787`. */
export function listenOf(options: ServeOptions, environment: Environment): { host: string; port: number } {
  return parseListen(options.listen ?? environment.BACKUP_SYNC_LISTEN ?? defaultListen, '--listen', defaultListen);
}

/** The address that clients use, if it is given. */
export function publicUrlOf(options: ServeOptions, environment: Environment): string | undefined {
  const value = options.publicUrl ?? environment.BACKUP_SYNC_PUBLIC_URL;
  if (value === undefined) return undefined;
  const url = URL.canParse(value) ? new URL(value) : null;
  const isHttp = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (url === null || !isHttp || `${url.search}${url.hash}${url.username}${url.password}` !== '') {
    // Not quoted if it may contain credentials.
    const quoted = value.includes('@') ? 'the value' : `"${value}"`;
    throw new UsageError(`--public-url: ${quoted} is not an http or https address, such as https://backups.example`);
  }
  return value;
}

/** Resolves when the signal is aborted. Throws the reason if the server can no longer serve. */
export async function untilStopped({ failed }: Pick<RunningGateway, 'failed'>, signal: AbortSignal): Promise<void> {
  const aborted = new Promise<null>((resolve) => {
    if (signal.aborted) resolve(null);
    else signal.addEventListener('abort', () => resolve(null), { once: true });
  });
  const reason = await Promise.race([aborted, failed]);
  if (reason !== null) throw reason;
}

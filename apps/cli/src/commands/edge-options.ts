import type { EdgeLimits, TlsFiles } from '@backup-sync/gateway';
import type { Environment } from '../environment.ts';
import { UsageError } from '../failure.ts';

/** The options of a server for TLS, in addition to the environment. */
export type EdgeOptions = {
  readonly tlsCertificate?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly behindTlsProxy?: boolean | undefined;
};

/**
 * The TLS, trusted proxies and limits of a server. Throws `UsageError` if only a certificate or only a key is given.
 */
export function edgesOf(options: EdgeOptions, environment: Environment) {
  return {
    tls: tlsOf(options, environment),
    behindTlsProxy: options.behindTlsProxy ?? environment.BACKUP_SYNC_BEHIND_TLS_PROXY,
    trustedProxies: environment.BACKUP_SYNC_TRUSTED_PROXIES,
    limits: limitsOf(environment),
  };
}

function tlsOf(options: EdgeOptions, environment: Environment): TlsFiles | undefined {
  const certificate = options.tlsCertificate ?? environment.BACKUP_SYNC_TLS_CERTIFICATE;
  const key = options.tlsKey ?? environment.BACKUP_SYNC_TLS_KEY;
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate === undefined) throw new UsageError('--tls-key needs its certificate: add --tls-certificate');
  if (key === undefined) throw new UsageError('--tls-certificate needs its key: add --tls-key');
  return { certificate, key };
}

/** The limits that are set; the gateway has defaults for the others. */
function limitsOf(environment: Environment): Partial<EdgeLimits> {
  const said = {
    connections: environment.BACKUP_SYNC_CONNECTIONS,
    callsInFlight: environment.BACKUP_SYNC_CALLS_IN_FLIGHT,
    callsPerSecond: environment.BACKUP_SYNC_CALLS_PER_SECOND,
    unknownCallsPerSecond: environment.BACKUP_SYNC_UNKNOWN_CALLS_PER_SECOND,
  };
  return Object.fromEntries(Object.entries(said).filter(([, limit]) => limit !== undefined));
}

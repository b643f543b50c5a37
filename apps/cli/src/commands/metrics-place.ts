import type { MetricsPlace } from '@backup-sync/gateway/metrics';
import type { Environment } from '../environment.ts';
import { UsageError } from '../failure.ts';
import { readSecretVariable } from '../secret-variable.ts';

/** The option of `serve` and `work` for metrics. */
export type MetricsOptions = { readonly metricsListen?: string | undefined };

/** Shorter tokens could be guessed. */
const tokenLengthMin = 16;

/** Where the metrics are to be served; undefined if nowhere. Throws {@link UsageError}. */
export function metricsPlaceOf(
  options: MetricsOptions,
  environment: Environment,
  /** How the API is served. Read only if there are metrics: to a worker, these settings mean nothing else. */
  readEdges: () => Pick<MetricsPlace, 'tls' | 'behindTlsProxy'>,
): MetricsPlace | undefined {
  const place = options.metricsListen ?? environment.BACKUP_SYNC_METRICS_LISTEN;
  if (place === undefined) return undefined;
  const token = readSecretVariable(environment, 'BACKUP_SYNC_METRICS_TOKEN')?.reveal();
  if (token !== undefined && !/^[!-~]+$/.test(token)) {
    throw new UsageError('BACKUP_SYNC_METRICS_TOKEN has blanks or other characters that no HTTP header may have');
  }
  if (token !== undefined && token.length < tokenLengthMin) {
    throw new UsageError(`BACKUP_SYNC_METRICS_TOKEN has fewer than ${tokenLengthMin} characters: choose a longer one`);
  }
  const { tls, behindTlsProxy } = readEdges();
  return { ...parseListen(place, '--metrics-listen', '127.0.0.1:9187'), token, tls, behindTlsProxy };
}

/** Parses `127.0.0.1:8787`, `[::1]:8787` or `localhost:8787`. */
export function parseListen(value: string, option: string, example: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:\s]+)):(\d{1,5})$/.exec(value);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535)
    throw new UsageError(`${option}: "${value}" is not host:port, such as ${example}`);
  return { host, port };
}

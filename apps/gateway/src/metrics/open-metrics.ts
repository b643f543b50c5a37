import { randomUUID } from 'node:crypto';
import type { Engine, MeasureLimits, Meter } from '@backup-sync/engine';
import { isLoopback } from '../edges/caller-address.ts';
import type { TlsFiles } from '../edges/certificate.ts';
import { defaultEdgeLimits } from '../edges/edge-limits.ts';
import { listen } from '../listen.ts';
import { ListenError } from '../listen-error.ts';
import { answerMetrics } from './answer-metrics.ts';
import { Collector } from './collector.ts';
import { NodeMetrics } from './node-metrics.ts';

/** Few programs scrape. They keep their connections. */
const connectionsMax = 64;

/** Where the metrics are, and who may see them. */
export type MetricsPlace = {
  readonly host: string;
  /** Port; 0 takes a free one. */
  readonly port: number;
  /** Token that a scraper must send (default: none, which is for loopback only). */
  readonly token?: string | undefined;
  /** Files for HTTPS. On loopback it is plain HTTP, because nobody issues certificates for that. */
  readonly tls?: TlsFiles | undefined;
  /** Whether a proxy in front handles TLS. */
  readonly behindTlsProxy?: boolean | undefined;
};

export type MetricsOptions = MetricsPlace & {
  readonly version: string;
  /** The data directory whose disk is measured; null if the catalogue is in a database. */
  readonly dataDirectory: string | null;
  /** See {@link Collector} (default: those that the help of `backup_sync_series_dropped` names). */
  readonly seriesLimits?: MeasureLimits | undefined;
  readonly onFault: (place: string, error: unknown) => void;
};

/** The metrics of a process. Disposing stops listening. */
export type OpenMetrics = AsyncDisposable & {
  /** Address of the metrics, e.g. `http://127.0.0.1:9187/metrics`. */
  readonly address: string;
  /** Counts for these metrics. */
  readonly meter: Meter;
  /** Begins to answer with metrics. Until then, and after `stop`, the answer is 503. */
  readonly begin: (engine: Pick<Engine, 'checkReady' | 'measure'>) => void;
  readonly stop: () => void;
};

/**
 * Serves `/metrics`, and nothing else, at an address of its own. Throws {@link ListenError} if the address is not
 * available, or if the metrics would be open to the network without a token or without TLS.
 */
export async function openMetrics(options: MetricsOptions): Promise<OpenMetrics> {
  const { host, port, token, version, onFault } = options;
  checkMetricsPlace(options);
  const node = new NodeMetrics(version);
  const collector = new Collector(node, options);
  const handler = answerMetrics({
    write: (format) => collector.write(format),
    token: token ?? null,
    onFault: (error) => onFault('the metrics', error),
  });
  const listening = await listen(handler, {
    host,
    port,
    tls: isLoopback(host) ? undefined : options.tls,
    behindTlsProxy: options.behindTlsProxy,
    option: '--metrics-listen',
    limits: { ...defaultEdgeLimits, connections: connectionsMax },
    isTrustedProxy: () => false,
    newId: randomUUID,
    onFault,
  });
  return {
    address: `${listening.endpoint}/metrics`,
    meter: node,
    begin: (engine) => collector.begin(engine),
    stop: () => collector.stop(),
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  };
}

/** Throws {@link ListenError} if the metrics would be open to the network without a token or without TLS. */
export function checkMetricsPlace({ host, token, tls, behindTlsProxy }: MetricsPlace): void {
  if (isLoopback(host)) return;
  const place = `--metrics-listen: ${host} is not a loopback address`;
  if (token === undefined) {
    throw new ListenError(
      `${place}, and metrics have the names of projects, resources and buckets; set BACKUP_SYNC_METRICS_TOKEN_FILE, ` +
        'or listen on 127.0.0.1',
    );
  }
  if (tls === undefined && behindTlsProxy !== true) {
    throw new ListenError(
      `${place}, and plain HTTP would expose the token to the network; set BACKUP_SYNC_TLS_CERTIFICATE and ` +
        'BACKUP_SYNC_TLS_KEY, or BACKUP_SYNC_BEHIND_TLS_PROXY=true if a proxy handles TLS, or listen on 127.0.0.1',
    );
  }
}

import type { Engine } from '@backup-sync/engine';
import type { MetricsPlace, OpenMetrics } from '@backup-sync/gateway/metrics';
import { databaseOptions } from '../connect.ts';
import { exitCodes } from '../failure.ts';
import { beginLife } from '../log/begin-life.ts';
import { type LogOptions, logSettings } from '../log/log-options.ts';
import { openLog } from '../log/open-log.ts';
import { readTrustedRoots } from '../read-certificates.ts';
import { openServiceManager } from '../service-manager.ts';
import { print, printJson } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';
import { edgesOf } from './edge-options.ts';
import { type MetricsOptions, metricsPlaceOf } from './metrics-place.ts';
import { reloadOnHangUp } from './reload.ts';

/** Time in which a node returns its work. Milliseconds. */
const stopMaxMs = 60_000;

/** Works on the operations of a database until Ctrl-C or SIGTERM, without serving the API. */
export async function workCommand(context: CommandContext, options: LogOptions & MetricsOptions): Promise<number> {
  const { terminal, environment, connect, signal, version } = context;
  using logging = openLog(terminal.messages, logSettings(options, environment));
  using life = beginLife(logging.log, version, signal);
  const serviceManager = openServiceManager(context.layers.own, logging.log);
  const started = Promise.withResolvers<Engine>();
  using _reloading = reloadOnHangUp(context, options, {
    serves: false,
    started: started.promise,
    logging,
    serviceManager,
    apply: async (changed) => (await started.promise).reconfigure({ trustedRoots: readTrustedRoots(changed) }),
  });
  const node = databaseOptions(connect, environment);
  const place = metricsPlaceOf(options, environment, () => edgesOf({}, environment));
  await using working = new AsyncDisposableStack();
  const metrics = place === undefined ? null : working.use(await openMetricsAt(place, version, logging.onFault));
  const { openClusterEngine } = await import('@backup-sync/engine/cluster');
  const opened = working.use(
    await openClusterEngine({
      ...node,
      meter: metrics?.meter,
      serves: false,
      works: true,
      runsSources: true,
      version,
      log: logging.log,
      onFault: logging.onFault,
    }),
  );
  metrics?.begin(opened.engine);
  working.defer(() => metrics?.stop());
  const { shown } = node.database;
  if (terminal.json) printJson(terminal, { database: shown, ...(metrics !== null && { metrics: metrics.address }) });
  else {
    print(terminal, `working on the operations of the database ${shown}`);
    if (metrics !== null) print(terminal, `metrics: ${metrics.address}`);
    print(terminal, 'press Ctrl-C to stop');
  }
  life.started(null);
  await serviceManager.ready();
  started.resolve(opened.engine);
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }
  await serviceManager.stopping(stopMaxMs);
  return exitCodes.done;
}

async function openMetricsAt(
  place: MetricsPlace,
  version: string,
  onFault: (place: string, error: unknown) => void,
): Promise<OpenMetrics> {
  const { openMetrics } = await import('@backup-sync/gateway/metrics');
  return openMetrics({ ...place, version, dataDirectory: null, onFault });
}

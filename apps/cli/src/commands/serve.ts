import { setTimeout } from 'node:timers/promises';
import type { RunningGateway } from '@backup-sync/gateway';
import { durationText } from '../duration.ts';
import { exitCodes } from '../failure.ts';
import { beginLife } from '../log/begin-life.ts';
import { logSettings } from '../log/log-options.ts';
import { openLog } from '../log/open-log.ts';
import { readTrustedRoots } from '../read-certificates.ts';
import { openServiceManager } from '../service-manager.ts';
import { print, printJson } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';
import { edgesOf } from './edge-options.ts';
import { reloadOnHangUp } from './reload.ts';
import { type ServeOptions, startGateway, untilStopped } from './start-gateway.ts';

/** Time in which calls are answered, work is returned and the catalogue is closed after that. Milliseconds. */
const stopMaxMs = 60_000;

/** Serves until Ctrl-C or SIGTERM. Then `/readyz` answers 503 while calls still work, for the time that is set. */
export async function serveCommand(context: CommandContext, options: ServeOptions): Promise<number> {
  const { terminal, environment, version, signal } = context;
  using logging = openLog(terminal.messages, logSettings(options, environment));
  using life = beginLife(logging.log, version, signal);
  const serviceManager = openServiceManager(context.layers.own, logging.log);
  const started = Promise.withResolvers<RunningGateway>();
  using reloading = reloadOnHangUp(context, options, {
    serves: true,
    started: started.promise,
    logging,
    serviceManager,
    apply: async (changed) => {
      const gateway = await started.promise;
      await gateway.reconfigure({ ...edgesOf(options, changed), trustedRoots: readTrustedRoots(changed) });
    },
  });
  await using gateway = await startGateway(context, options, logging);
  if (terminal.json) {
    printJson(terminal, {
      endpoint: gateway.endpoint,
      project_id: gateway.projectId,
      ...(gateway.metricsAddress !== null && { metrics: gateway.metricsAddress }),
      ...(gateway.consoleAddress !== null && { console: gateway.consoleAddress }),
      ...(gateway.generatedPassword !== null && { generated_admin_password: gateway.generatedPassword }),
    });
  } else {
    print(terminal, `listening at ${gateway.endpoint}, project ${gateway.projectId}`);
    if (gateway.metricsAddress !== null) print(terminal, `metrics: ${gateway.metricsAddress}`);
    if (gateway.consoleAddress !== null) {
      print(terminal, `console: ${gateway.consoleAddress} (sign in with user name and password)`);
    }
    if (gateway.generatedPassword !== null) {
      print(terminal, `first start: created the user admin with the password ${gateway.generatedPassword}`);
      print(terminal, 'keep it: it is shown only once');
    }
    print(terminal, 'press Ctrl-C to stop the server');
  }
  life.started(gateway.endpoint);
  await serviceManager.ready();
  started.resolve(gateway);
  await untilStopped(gateway, signal);
  gateway.drain();
  const drainS = reloading.environment.BACKUP_SYNC_DRAIN_FOR ?? 0;
  if (drainS > 0) {
    const text = `The server stops in ${durationText(drainS)}. Until then, /readyz answers 503, and calls still work.`;
    logging.log('node.draining', text, { duration_ms: drainS * 1000 });
  }
  await Promise.all([serviceManager.stopping(drainS * 1000 + stopMaxMs), untilDrained(gateway, drainS * 1000)]);
  return exitCodes.done;
}

/** Waits so long, or until the server can no longer serve. */
async function untilDrained({ failed }: Pick<RunningGateway, 'failed'>, drainMs: number): Promise<void> {
  const waiting = new AbortController();
  void failed.then(() => waiting.abort());
  await setTimeout(drainMs, undefined, { signal: waiting.signal }).catch(() => {});
}

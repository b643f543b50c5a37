// A server in its own process. The first message starts it, the others set its clock. It ends on SIGTERM, or together
// with the process that started it.
import { type ServeOptions, serve } from '../../apps/gateway/src/serve.ts';
import { parseDatabaseAddress } from '../../packages/engine/src/catalogue/postgres/database-address.ts';
import { systemClock } from '../../packages/engine/src/clock.ts';
import { type Log, logEvents } from '../../packages/engine/src/log-events.ts';
import { type ClusterEngineOptions, openClusterEngine } from '../../packages/engine/src/open-cluster-engine.ts';
import type { Listening, ServerMessage, ServerStart } from './server-process.ts';

let clockOffsetMs = 0;

async function start(started: ServerStart): Promise<void> {
  const common = {
    storage: started.storage,
    version: 'chaos',
    log: sayImportant,
    onFault: (place: string, error: unknown) =>
      say(`${place}: ${error instanceof Error ? error.stack : String(error)}`),
  };
  if ('dataDirectory' in started) {
    const { dataDirectory } = started;
    const clock = { nowMs: () => systemClock.nowMs() + clockOffsetMs, monotonicMs: systemClock.monotonicMs };
    await startServer({ ...common, ...gatewayOf(started), dataDirectory, clock });
    return;
  }
  const { databaseUrl, secretKey, serves, works } = started;
  const node = { ...common, database: parseDatabaseAddress(databaseUrl, 'the chaos run'), secretKey, serves, works };
  if (serves) await startServer({ ...node, ...gatewayOf(started) });
  else await startWorker(node);
}

function gatewayOf({ port, administratorPassword }: ServerStart) {
  return { host: '127.0.0.1', port, environment: { region: 'us-east-1' }, administratorPassword };
}

async function startServer(options: ServeOptions): Promise<void> {
  const server = await serve(options);
  const stop = async (exitCode: number) => {
    await server[Symbol.asyncDispose]();
    process.exit(exitCode);
  };
  process.once('SIGTERM', () => stop(0));
  server.failed.then((reason) => {
    say(reason.message);
    return stop(1);
  });
  tell({ endpoint: server.endpoint, projectId: server.projectId });
}

async function startWorker(options: ClusterEngineOptions): Promise<void> {
  const worker = await openClusterEngine({ ...options, runsSources: true });
  process.once('SIGTERM', async () => {
    await worker[Symbol.asyncDispose]();
    process.exit(0);
  });
  tell({ endpoint: '', projectId: '' });
}

function tell(listening: Listening): void {
  process.send?.(listening);
}

/** Says what work waits for. The rest of the log is about calls and operations, which the run checks itself. */
const sayImportant: Log = (event, message) => {
  if (
    ['warn', 'error'].includes(logEvents[event].level) ||
    ['outage.ended', 'catalogue.writable', 'node.returned'].includes(event)
  )
    say(message);
};

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

process.on('message', async (message: ServerMessage) => {
  clockOffsetMs = message.clockOffsetMs;
  if (message.start === undefined) return;
  try {
    await start(message.start);
  } catch (error) {
    say(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    process.exit(1);
  }
});
process.once('disconnect', () => process.exit(1));

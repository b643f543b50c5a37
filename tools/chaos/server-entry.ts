// A server in its own process. The first message starts it, the others set its clock. It ends on SIGTERM, or together
// with the process that started it.
import { serve } from '../../apps/gateway/src/index.ts';
import { systemClock } from '../../packages/engine/src/clock.ts';
import type { ServerMessage, ServerStart } from './server-process.ts';

let clockOffsetMs = 0;

async function start({ dataDirectory, storage, port, administratorPassword }: ServerStart): Promise<void> {
  const server = await serve({
    dataDirectory,
    storage,
    host: '127.0.0.1',
    port,
    version: 'chaos',
    environment: { region: 'us-east-1' },
    administratorPassword,
    clock: { nowMs: () => systemClock.nowMs() + clockOffsetMs, monotonicMs: systemClock.monotonicMs },
    onNotice: say,
    onFault: (place, error) => say(`${place}: ${error instanceof Error ? error.stack : String(error)}`),
  });
  const stop = async (exitCode: number) => {
    await server[Symbol.asyncDispose]();
    process.exit(exitCode);
  };
  process.once('SIGTERM', () => stop(0));
  server.failed.then((reason) => {
    say(reason.message);
    return stop(1);
  });
  process.send?.({ endpoint: server.endpoint, projectId: server.projectId });
}

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

// A PostgreSQL server as a child of its own process, so that both can be killed. The first message starts it. It ends
// together with the process that started it.
import { setTimeout as pause } from 'node:timers/promises';
import { embeddedServer } from '../../../packages/engine/src/testing/embedded-server.ts';
import type { DatabaseStart } from './database-process.ts';

/** A server that was killed leaves processes behind, which end soon. Until then no other can start. */
const startTries = 100;
const betweenTriesMs = 200;

process.once('message', async ({ isNew, ...options }: DatabaseStart) => {
  const server = embeddedServer({ ...options, isKept: true });
  process.once('disconnect', async () => {
    await server.stop();
    process.exit(0);
  });
  if (isNew) await server.initialise();
  for (let tries = 1; ; tries += 1) {
    try {
      await server.start();
      break;
    } catch {
      if (tries === startTries) process.exit(1);
      await pause(betweenTriesMs);
    }
  }
  process.send?.('started');
});

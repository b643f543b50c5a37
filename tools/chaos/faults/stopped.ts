import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { endpointFile, endpointFileName } from '../../../packages/contracts/src/index.ts';
import type { ServerWorld } from '../server-world.ts';
import { type Fault, missingNothing } from './fault.ts';

const callersAtOnce = 8;

/** The server is stopped with SIGTERM, and started again. Until it has ended, local commands get no 401. */
export const stopped: Fault<ServerWorld> = {
  kind: 'stop',
  missing: missingNothing,
  async run({ world, report }) {
    const token = await localToken(world);
    const ended = new AbortController();
    const calling = callUntil(world, token, ended.signal);
    const code = await world.server.stop();
    ended.abort();
    const calls = await calling;
    if (code !== 0) report.broken('a stopped server exits 0', `it ended with ${code}`);
    await world.server.start();
    return `${calls} calls meanwhile`;
  },
};

/** Returns the token that local commands use. */
export async function localToken({ dataDirectory }: ServerWorld): Promise<string> {
  const text = await readFile(join(dataDirectory, endpointFileName), 'utf8');
  return endpointFile.parse(JSON.parse(text)).token;
}

/** Calls with a token while the server may answer. A 401 breaks a promise. Returns the number of calls. */
async function callUntil({ calls, server }: ServerWorld, token: string, signal: AbortSignal): Promise<number> {
  let made = 0;
  const call = async () => {
    while (!signal.aborted) {
      await calls.send('GET', `/v3/${server.projectId}/operation-logs?limit=1`, { 'X-Auth-Token': token });
      made += 1;
      // Nothing listens any more. Refusals come immediately, and must not delay noticing the end of the process.
      await pause(1);
    }
  };
  await Promise.all(Array.from({ length: callersAtOnce }, call));
  return made;
}

// A server for the benchmark of the client: answers each sync call after a delay, or forwards it after the delay.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { 'latency-ms': { type: 'string', default: '50' }, forward: { type: 'string' } },
});
const latencyMs = Number(values['latency-ms']);

async function answer(path: string, token: string, body: string): Promise<{ status: number; text: string }> {
  if (values.forward === undefined) {
    const { sync } = JSON.parse(body) as { sync: { backup_id: string }[] };
    const accepted = sync.map(({ backup_id }) => ({ backup_id, operation_log_id: `of-${backup_id}` }));
    return { status: 200, text: JSON.stringify({ sync: accepted }) };
  }
  const headers = { 'X-Auth-Token': token, 'Content-Type': 'application/json' };
  const response = await fetch(values.forward + path, { method: 'POST', headers, body });
  return { status: response.status, text: await response.text() };
}

const server = createServer(async (request, response) => {
  const body = await text(request);
  await pause(latencyMs);
  const { status, text: answered } = await answer(request.url ?? '', String(request.headers['x-auth-token']), body);
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(answered);
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});

import { Agent, type IncomingMessage, request } from 'node:http';
import { json } from 'node:stream/consumers';

/** Sends bodies as POST requests over several connections at once, each kept open. Returns the latencies, ms. */
export async function postAll(
  url: URL,
  headers: Readonly<Record<string, string>>,
  bodies: readonly string[],
  connections: number,
): Promise<readonly number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const latencies: number[] = [];
  let next = 0;
  const work = async () => {
    while (true) {
      const body = bodies[next];
      next += 1;
      if (body === undefined) return;
      const startedAtMs = performance.now();
      await post(url, headers, body, agent);
      latencies.push(performance.now() - startedAtMs);
    }
  };
  try {
    await Promise.all(Array.from({ length: connections }, work));
  } finally {
    agent.destroy();
  }
  return latencies;
}

async function post(url: URL, headers: Readonly<Record<string, string>>, body: string, agent: Agent): Promise<void> {
  const answered = Promise.withResolvers<IncomingMessage>();
  const sent = request(url, { method: 'POST', agent, headers: { ...headers, 'Content-Type': 'application/json' } });
  sent.on('response', answered.resolve).on('error', answered.reject);
  sent.end(body);
  const response = await answered.promise;
  const answer = await json(response);
  if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}: ${JSON.stringify(answer)}`);
}

import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Figure } from './figure.ts';
import { pairedDifference, quantile } from './paired-difference.ts';
import type { RefusalCase, RefusalGroup } from './refusal-cases.ts';

type Answer = { readonly microseconds: number; readonly said: string };

/**
 * Prints how long the refusal of each case in a group takes, and how much longer than the first case. Returns the
 * largest difference that could go unseen among cases with the same answer. Each round asks
 * every case once, in a new random order, over one connection, so that other load on the machine affects all equally.
 */
export async function measureRefusals(
  endpoint: string,
  { title, cases, beforeRound }: RefusalGroup,
  rounds: number,
  print: (line: string) => void,
): Promise<Figure> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const microseconds = new Map<RefusalCase, number[]>(cases.map((each) => [each, []]));
  const said = new Map<RefusalCase, string>();
  const warmUp = Math.ceil(rounds / 10);
  for (let round = -warmUp; round < rounds; round += 1) {
    beforeRound();
    for (const each of shuffled(cases)) {
      const answer = await ask(agent, endpoint, each);
      said.set(each, answer.said);
      if (round >= 0) microseconds.get(each)?.push(answer.microseconds);
    }
  }
  agent.destroy();

  const [first] = cases;
  if (first === undefined) throw new Error(`the group ${title} has no case`);
  const baseline = microseconds.get(first) ?? [];
  let largest = 0;
  print(`${title}, ${rounds} rounds; the difference from "${first.name}" with 99 % confidence, in microseconds`);
  for (const each of cases) {
    const times = microseconds.get(each) ?? [];
    const { median, low, high } = pairedDifference(times, baseline);
    const isAlike = said.get(each) === said.get(first);
    if (isAlike) largest = Math.max(largest, -low, high);
    print(
      `  ${each.name.padEnd(24)} median ${quantile(times, 0.5).toFixed(0).padStart(7)}  p90 ${quantile(times, 0.9).toFixed(0).padStart(7)}` +
        `  difference ${signed(median)} (${signed(low)} to ${signed(high)})${isAlike ? '' : `; ${said.get(each)}`}`,
    );
  }
  print(`  among cases with the same answer, a difference of up to ${largest.toFixed(0)} could go unseen`);
  return { name: `refusals of ${title}: difference that could go unseen`, value: largest, unit: 'µs' };
}

/** Sends one request, and measures the time from the first byte sent to the last byte received. */
function ask(agent: Agent, endpoint: string, { request: make }: RefusalCase): Promise<Answer> {
  const { method, path, headers, body } = make();
  const { hostname, port } = new URL(endpoint);
  return new Promise((resolve, reject) => {
    const startedAtMs = performance.now();
    const sent = request({ agent, hostname, port, method, path, headers }, async (response) => {
      const answer = await text(response);
      const microseconds = (performance.now() - startedAtMs) * 1000;
      const { error_code, error_msg, error } = JSON.parse(answer);
      resolve({
        microseconds,
        said: `${response.statusCode} ${error_code ?? error.code} ${error_msg ?? error.message}`,
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, place: Math.random() }))
    .sort((one, other) => one.place - other.place)
    .map(({ item }) => item);
}

function signed(value: number): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(1)}`;
}

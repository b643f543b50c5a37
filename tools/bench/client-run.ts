// Measures the client once, in a separate process, and prints JSON: client-run.ts loop|loops|core|iterable <endpoint>
// <project> <token> <count>.
import type { BackupSyncInput } from '../../packages/contracts/src/index.ts';
import { createClient, type Several } from '../../packages/core/src/index.ts';

const [way = '', endpoint = '', projectId = '', token = '', count = '0'] = process.argv.slice(2);

function* backups(total: number, round: string): Generator<BackupSyncInput> {
  for (let index = 0; index < total; index += 1) {
    yield {
      backup_id: `${way}-${round}-${index}`,
      backup_name: 'daily',
      bucket_name: 'bench',
      image_path: `plan/${way}-${round}-${index}`,
      resource_id: `resource-${index % 100}`,
      resource_name: 'server',
      created_at: 1_700_000_000,
    };
  }
}

/** Sends one call and returns the number of accepted items. Checks neither the items nor the answer. */
async function call(sync: readonly BackupSyncInput[]): Promise<number> {
  const response = await fetch(`${endpoint}/v3/${projectId}/backups/sync`, {
    method: 'POST',
    headers: { 'X-Auth-Token': token, 'Content-Type': 'application/json' },
    body: JSON.stringify({ sync }),
  });
  if (!response.ok) throw new Error(`status ${response.status}: ${await response.text()}`);
  return ((await response.json()) as { sync: unknown[] }).sync.length;
}

/** This many loops side by side over one list. One is the loop that most people would write first. */
async function loops(side: number, items: readonly BackupSyncInput[]): Promise<number> {
  let accepted = 0;
  let next = 0;
  const loop = async () => {
    while (next < items.length) {
      const start = next;
      next += 50;
      // Not in one expression, which would read the sum before the other loops add to it.
      const more = await call(items.slice(start, start + 50));
      accepted += more;
    }
  };
  await Promise.all(Array.from({ length: side }, loop));
  return accepted;
}

async function core(items: Several<BackupSyncInput>): Promise<number> {
  const client = createClient({ endpoint, projectId, credentials: { token } });
  let accepted = 0;
  for await (const _ of client.syncBackups(items)) accepted += 1;
  return accepted;
}

/** Each item is created only when it is read. */
async function* inTime(total: number, round: string): AsyncGenerator<BackupSyncInput> {
  yield* backups(total, round);
}

const ways: Record<string, (total: number, round: string) => Promise<number>> = {
  loop: (total, round) => loops(1, [...backups(total, round)]),
  // As many as core makes at the same time: what the same calls cost without core.
  loops: (total, round) => loops(32, [...backups(total, round)]),
  core: (total, round) => core([...backups(total, round)]),
  iterable: (total, round) => core(inTime(total, round)),
};
const run = ways[way];
if (run === undefined) throw new Error(`there is no measurement "${way}"`);
// Loading and compiling at first use is not measured, in any of the ways.
await run(2_000, 'first');
const startedAtMs = performance.now();
const cpuBefore = process.cpuUsage();
const accepted = await run(Number(count), 'measured');
const seconds = (performance.now() - startedAtMs) / 1000;
const { user, system } = process.cpuUsage(cpuBefore);
const peakMiB = process.resourceUsage().maxRSS / 1024;
process.stdout.write(JSON.stringify({ accepted, seconds, peakMiB, cpuSeconds: (user + system) / 1e6 }));

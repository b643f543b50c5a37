// One measurement of the client, in a process of its own, as JSON: client-run.ts loop|core|iterable <endpoint> <project>
// <token> <count>.
import type { BackupSyncInput } from '../../packages/contracts/src/index.ts';
import { createClient, type Several } from '../../packages/core/src/index.ts';

const [way = '', endpoint = '', projectId = '', token = '', count = '0'] = process.argv.slice(2);

function* backups(total: number): Generator<BackupSyncInput> {
  for (let index = 0; index < total; index += 1) {
    yield {
      backup_id: `${way}-${index}`,
      backup_name: 'daily',
      bucket_name: 'bench',
      image_path: `plan/${way}-${index}`,
      resource_id: `resource-${index % 100}`,
      resource_name: 'server',
      created_at: 1_700_000_000,
    };
  }
}

/** What anyone would write first. */
async function loop(items: readonly BackupSyncInput[]): Promise<number> {
  let accepted = 0;
  for (let start = 0; start < items.length; start += 50) {
    const response = await fetch(`${endpoint}/v3/${projectId}/backups/sync`, {
      method: 'POST',
      headers: { 'X-Auth-Token': token, 'Content-Type': 'application/json' },
      body: JSON.stringify({ sync: items.slice(start, start + 50) }),
    });
    if (!response.ok) throw new Error(`status ${response.status}: ${await response.text()}`);
    accepted += ((await response.json()) as { sync: unknown[] }).sync.length;
  }
  return accepted;
}

async function core(items: Several<BackupSyncInput>): Promise<number> {
  const client = createClient({ endpoint, projectId, credentials: { token } });
  let accepted = 0;
  for await (const _ of client.syncBackups(items)) accepted += 1;
  return accepted;
}

/** Nothing is there already: each item is made when it is read. */
async function* inTime(total: number): AsyncGenerator<BackupSyncInput> {
  yield* backups(total);
}

const ways: Record<string, () => Promise<number>> = {
  loop: () => loop([...backups(Number(count))]),
  core: () => core([...backups(Number(count))]),
  iterable: () => core(inTime(Number(count))),
};
const run = ways[way];
if (run === undefined) throw new Error(`there is no way "${way}"`);
const startedAtMs = performance.now();
const accepted = await run();
const seconds = (performance.now() - startedAtMs) / 1000;
const peakMiB = process.resourceUsage().maxRSS / 1024;
process.stdout.write(JSON.stringify({ accepted, seconds, peakMiB, cpuSeconds: process.cpuUsage().user / 1e6 }));

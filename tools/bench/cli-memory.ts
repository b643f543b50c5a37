// Measures the peak memory of the command: while it checks a long NDJSON file, and while it syncs one from a pipe.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { builtCommand, temporaryDirectory } from '../../apps/cli/src/testing.ts';
import { startHttpServer } from '../../apps/cli/src/testing-servers.ts';
import { type Figure, shownNumber } from './figure.ts';

/** Runs the built command to its end. The peak is the memory of its process, MiB. */
async function peakOf(args: readonly string[], environment: Record<string, string>, input: string | null) {
  const startedAtMs = performance.now();
  const [node = '', command = ''] = builtCommand;
  const child = spawn(node, [`--import=${join(import.meta.dirname, 'report-peak.mjs')}`, command, ...args], {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
  });
  const [, , messages, peak] = child.stdio;
  if (messages === null || !(peak instanceof Object) || !('on' in peak)) throw new Error('the process has no streams');
  if (input === null) child.stdin?.end();
  else if (child.stdin !== null) {
    // A command that stops reading early prints the reason itself.
    child.stdin.on('error', () => {});
    createReadStream(input).pipe(child.stdin);
  }
  const told = Promise.all([text(messages), text(peak as typeof messages)]);
  await once(child, 'close');
  const [said, peakMiB] = await told;
  if (child.exitCode !== 0) throw new Error(`the command ended with ${child.exitCode}: ${said}`);
  return { peakMiB: Number(peakMiB), seconds: (performance.now() - startedAtMs) / 1000 };
}

async function writeItems(path: string, count: number): Promise<void> {
  await using file = await open(path, 'w');
  for (let start = 0; start < count; start += 10_000) {
    const lines = Array.from({ length: Math.min(10_000, count - start) }, (_, index) =>
      JSON.stringify({
        backup_id: `backup-${start + index}`,
        backup_name: `backup-${start + index}`,
        bucket_name: 'bench',
        image_path: `plan/server/${start + index}`,
        resource_id: 'server',
        resource_name: 'server',
        resource_type: 'OS::VMware::Server',
        created_at: 1_700_000_000,
      }),
    );
    await file.write(`${lines.join('\n')}\n`);
  }
}

/** Starts a service that accepts every item, and whose imports have all succeeded. */
async function startAnswering() {
  const at = '2026-01-01T00:00:00.000000';
  const log = (id: string) => ({
    ...{ id, operation_type: 'sync', status: 'success', created_at: at, updated_at: at, started_at: at, ended_at: at },
    extra_info: { backup: { backup_id: id, backup_name: id } },
  });
  /** In the order of acceptance, and the place of each in it. */
  const accepted: string[] = [];
  const places = new Map<string, number>();
  const take = ({ sync }: { readonly sync: readonly { readonly backup_id: string }[] }) => {
    for (const { backup_id } of sync) places.set(backup_id, accepted.push(backup_id) - 1);
    return { sync: sync.map(({ backup_id }) => ({ backup_id, operation_log_id: backup_id })) };
  };
  /** Newest first, as in a list. */
  const listed = ({ searchParams: asked }: URL) => {
    const end = Math.max(
      0,
      (places.get(asked.get('marker') ?? '') ?? accepted.length) - Number(asked.get('offset') ?? 0),
    );
    const ids = accepted.slice(Math.max(0, end - Number(asked.get('limit') ?? 1000)), end).toReversed();
    return { operation_logs: ids.map(log), count: accepted.length };
  };
  return await startHttpServer(async (request, response) => {
    const body = await text(request);
    const url = new URL(request.url ?? '/', 'http://bench');
    const name = decodeURIComponent(url.pathname.slice(url.pathname.lastIndexOf('/') + 1));
    response.writeHead(name === 'operation-events' ? 404 : 200, { 'Content-Type': 'application/json' });
    const answer = () => (name === 'operation-logs' ? listed(url) : { operation_log: log(name) });
    response.end(JSON.stringify(request.method === 'POST' ? take(JSON.parse(body)) : answer()));
  });
}

/** Measures checking a file of `checked` lines, and syncing so many lines from a pipe: peak memory and rate. */
export async function measureMemory(checked: number, synced: readonly number[]): Promise<readonly Figure[]> {
  await using home = await temporaryDirectory();
  const path = join(home.path, 'items.ndjson');
  await writeItems(path, checked);
  const dry = await peakOf(['sync', path, '--dry-run'], {}, null);
  const figures = figuresOf(`sync --dry-run of ${shownNumber(checked)} lines`, checked, dry);
  for (const count of synced) {
    await writeItems(path, count);
    await using service = await startAnswering();
    const environment = {
      BACKUP_SYNC_ENDPOINT: service.endpoint,
      BACKUP_SYNC_TOKEN: 'bench',
      BACKUP_SYNC_PROJECT: 'bench',
    };
    const piped = await peakOf(['sync', '-', '--ndjson'], environment, path);
    figures.push(...figuresOf(`sync of ${shownNumber(count)} lines from a pipe`, count, piped));
  }
  return figures;
}

function figuresOf(name: string, lines: number, { peakMiB, seconds }: Awaited<ReturnType<typeof peakOf>>): Figure[] {
  return [
    { name: `${name}: peak memory`, value: peakMiB, unit: 'MiB' },
    { name: `${name}: rate`, value: lines / seconds, unit: 'lines/s' },
  ];
}

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { examples, start, temporaryDirectory } from '../testing.ts';

const storage = `file:${join(examples, 'buckets')}`;

test('a server whose log nobody reads answers calls, stops, and has written what was read', async () => {
  await using home = await temporaryDirectory();
  const dataDirectory = join(home.path, 'data');
  const where = ['--listen', '127.0.0.1:0', '--data-dir', dataDirectory, '--storage', storage];
  const server = start(['serve', '--json', ...where], {
    environment: { BACKUP_SYNC_LOG_LEVEL: 'debug', BACKUP_SYNC_LOG_FORMAT: 'json' },
  });
  using stack = new DisposableStack();
  stack.defer(() => server.kill('SIGKILL'));
  const [first] = await once(server.stdout, 'data');
  const { endpoint, project_id } = JSON.parse(String(first));
  const { token } = JSON.parse(await readFile(join(dataDirectory, 'endpoint.json'), 'utf8'));
  const headers = { 'X-Auth-Token': token, 'Content-Type': 'application/json' };
  const call = (path: string, init: RequestInit = {}) => fetch(endpoint + path, { headers, ...init });

  const sync = await readFile(join(examples, 'sync-request.json'), 'utf8');
  const answer = await call(`/v3/${project_id}/backups/sync`, { method: 'POST', body: sync });
  expect(answer.status).toBe(200);
  // The end of each operation is in the log before the pipe is full.
  for (let running = 1; running > 0; ) {
    const { operations } = JSON.parse(await (await call(`/v1/projects/${project_id}/operations`)).text());
    running = operations.filter(({ ended_at }: { ended_at: string | null }) => ended_at === null).length;
  }
  // Each request makes 50 entries. The pipe takes about 200 KiB, which is less than 1,500 entries.
  const names = Array.from({ length: 50 }, () => 'listProjects').join(',');
  const input = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [index, { project_id }]));
  const batch = `/trpc/${names}?batch=1&input=${encodeURIComponent(JSON.stringify(input))}`;
  for (let count = 0; count < 30; count += 1) expect((await call(batch)).status).toBe(200);
  // Node throws away what nobody reads once its process has ended, so the reading begins in the same moment.
  const unread = new Promise<string>((resolve) => server.once('exit', () => resolve(text(server.stderr))));
  server.kill('SIGTERM');
  const lines = (await unread).split('\n');
  expect(server.exitCode).toBe(0);

  const entries = lines.slice(0, -1).map((line) => JSON.parse(line));
  // The rest was not read in time.
  expect(entries.some(({ event }) => event === 'node.stopped')).toBe(false);
  expect(entries[0]).toMatchObject({ level: 'info', event: 'node.started', endpoint, pid: server.pid });
  expect(entries.find(({ event }) => event === 'call.accepted')).toMatchObject({
    level: 'info',
    call: 'syncBackups',
    request_id: answer.headers.get('x-request-id'),
    project_id,
    actor: expect.any(String),
    door: 'rest',
    address: '127.0.0.1',
    duration_ms: expect.any(Number),
  });
  const failed = entries.find(({ event }) => event === 'item.failed');
  expect(failed).toMatchObject({
    level: 'info',
    kind: 'import',
    status: 'failed',
    reason: 'object_missing',
    bucket: 'volumebackups',
    project_id,
    request_id: answer.headers.get('x-request-id'),
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { examples, type RunningServer, run, startServer } from '../apps/cli/src/testing.ts';
import { cannotMount, mountSmallDisk } from '../packages/engine/src/testing/small-disk.ts';

const storage = `file:${join(examples, 'buckets')}`;
const { sync: items } = JSON.parse(readFileSync(join(examples, 'sync-request.json'), 'utf8'));
const number = 'BackupSync.1056';

/** Returns a function that calls a server with its credential for local commands. */
function callsOn(server: RunningServer, dataDirectory: string) {
  const { token } = JSON.parse(readFileSync(join(dataDirectory, 'endpoint.json'), 'utf8'));
  return async (method: 'GET' | 'POST', path: string, body?: object) => {
    const response = await fetch(server.endpoint + path.replace('{project_id}', server.projectId), {
      method,
      headers: { 'X-Auth-Token': token, 'Content-Type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) };
  };
}

test('on a full disk writes get 503 and reads work, and writes work again once there is space', async ({ skip }) => {
  await using disk = await mountSmallDisk(8);
  if (disk === null) return skip(cannotMount);
  const dataDirectory = join(disk.path, 'data');
  await using server = await startServer(dataDirectory, storage);
  const call = callsOn(server, dataDirectory);
  const accepted: string[] = [];
  const sync = async () => {
    const answer = await call('POST', '/v3/{project_id}/backups/sync', { sync: items });
    if (answer.status === 200) {
      accepted.push(...answer.body.sync.map((each: { operation_log_id: string }) => each.operation_log_id));
    }
    return answer;
  };
  expect((await sync()).status).toBe(200);
  expect((await call('GET', '/readyz')).status).toBe(200);

  disk.fill();
  let refused = await sync();
  // The WAL may have some space left.
  while (refused.status === 200) refused = await sync();
  expect(refused).toMatchObject({
    status: 503,
    body: { error_code: number, error_msg: 'the disk that holds the catalogue is full' },
  });
  expect(refused.headers.get('Retry-After')).toBe('5');
  let ready = await call('GET', '/readyz');
  while (ready.status === 200) ready = await call('GET', '/readyz');
  expect(ready).toMatchObject({ status: 503, body: { error_code: number } });
  for (const path of [
    '/v3/{project_id}/backups',
    '/v1/projects/{project_id}/operations',
    '/v1/projects/{project_id}/sources',
  ]) {
    expect((await call('GET', path)).status, path).toBe(200);
  }
  const environment = { BACKUP_SYNC_DATA_DIR: dataDirectory, BACKUP_SYNC_STORAGE: storage };
  const doctor = await run(['doctor', 'volumebackups'], { environment });
  expect(doctor).toMatchObject({
    code: 1,
    output: expect.stringContaining('the disk that holds the catalogue is full'),
  });

  disk.free();
  while ((await call('GET', '/readyz')).status !== 200);
  expect((await sync()).status).toBe(200);
  for (const id of new Set(accepted)) {
    let log: { ended_at: string | null };
    do ({ operation_log: log } = (await call('GET', `/v3/{project_id}/operation-logs/${id}`)).body);
    while (log.ended_at === null);
  }
});

test('a server stops properly on a full disk, and refuses to start on one with one sentence', async ({ skip }) => {
  await using disk = await mountSmallDisk(8);
  if (disk === null) return skip(cannotMount);
  const dataDirectory = join(disk.path, 'data');
  const started = await startServer(dataDirectory, storage);
  disk.fill();
  await started[Symbol.asyncDispose]();
  expect(started.process.exitCode).toBe(0);

  const args = ['--data-dir', dataDirectory, '--storage', storage];
  const sentence = `error: The disk that holds the data directory ${dataDirectory} is full. Free space on it.\n`;
  disk.fill();
  expect(await run(['serve', '--listen', '127.0.0.1:0', ...args])).toEqual({ code: 1, output: '', messages: sentence });
  const fresh = join(disk.path, 'fresh');
  expect(await run(['serve', '--listen', '127.0.0.1:0', ...args.with(1, fresh)])).toEqual({
    code: 1,
    output: '',
    messages: sentence.replace(dataDirectory, fresh),
  });
  disk.free();
  await using again = await startServer(dataDirectory, storage);
  expect(again.projectId).toBe(started.projectId);
});

import { mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { type LocalGateway, serve } from './serve.ts';
import { specificationExample, startTestGateway, type TestGateway } from './testing.ts';

const item = { ...specificationExample, image_path: 'a/b' };
const calls = 1000;

type Call = { readonly beganAfter: boolean; readonly status: number; readonly ids: readonly string[] };

/**
 * Runs concurrent calls that each sync a backup. When a third of them is answered, `take` removes the data directory.
 */
async function raceCalls(gateway: TestGateway, take: () => void): Promise<Call[]> {
  const made: Call[] = [];
  let begun = 0;
  let isTaken = false;
  const callInTurn = async () => {
    while (begun < calls) {
      begun += 1;
      const beganAfter = isTaken;
      const sync = [{ ...item, backup_id: `backup-${begun}` }];
      const { status, body } = await gateway.call('POST', '/v3/{project_id}/backups/sync', { sync });
      const accepted: { operation_log_id: string }[] = status === 200 ? body.sync : [];
      made.push({ beganAfter, status, ids: accepted.map(({ operation_log_id: id }) => id) });
      if (made.length === Math.floor(calls / 3)) {
        take();
        isTaken = true;
      }
    }
  };
  await Promise.all(Array.from({ length: 20 }, callInTurn));
  return made;
}

test('when the data directory moves during 1,000 calls, no later call succeeds and no success is lost', async () => {
  await using gateway = await startTestGateway({ [item.bucket_name]: { 'a/b/disk': 'bytes' } });
  const away = `${gateway.dataDirectory}-away`;
  const made = await raceCalls(gateway, () => renameSync(gateway.dataDirectory, away));
  const after = made.filter(({ beganAfter }) => beganAfter);
  expect(after.length).toBeGreaterThan(calls / 2);
  expect(new Set(after.map(({ status }) => status))).toEqual(new Set([503]));
  expect(new Set(made.map(({ status }) => status))).toEqual(new Set([200, 503]));
  using database = new DatabaseSync(join(away, 'catalogue.sqlite'));
  const kept = new Set(
    database
      .prepare('SELECT id FROM operations')
      .all()
      .map(({ id }) => id),
  );
  expect(made.flatMap(({ ids }) => ids).filter((id) => !kept.has(id))).toEqual([]);
});

test.each([
  ['the data directory', ['']],
  ['the database', ['catalogue.sqlite']],
  ['its WAL', ['catalogue.sqlite-wal']],
])('once %s is removed, all calls including reads get 503, and the server is not ready', async (_, names) => {
  await using gateway = await startTestGateway({ [item.bucket_name]: { 'a/b/disk': 'bytes' } });
  expect((await gateway.call('GET', '/readyz')).status).toBe(200);
  for (const name of names) rmSync(join(gateway.dataDirectory, name), { recursive: true });
  const read = await gateway.call('GET', '/v3/{project_id}/backups');
  expect(read).toMatchObject({ status: 503, body: { error_code: 'BackupSync.1015' } });
  expect(read.headers.get('Retry-After')).toMatch(/^\d+$/);
  expect((await gateway.call('POST', '/v3/{project_id}/backups/sync', { sync: [item] })).status).toBe(503);
  expect((await gateway.call('GET', '/readyz')).status).toBe(503);
});

test('an idle server notices that its data directory is gone, and says which file', async () => {
  await using gateway = await startTestGateway({});
  renameSync(gateway.dataDirectory, `${gateway.dataDirectory}-away`);
  expect(await gateway.failed).toMatchObject({
    name: 'DataDirectoryGoneError',
    message: expect.stringContaining(gateway.dataDirectory),
  });
  expect(gateway.faults).toEqual([]);
});

test('a server in the place of a moved data directory keeps its files when the old server stops', async () => {
  await using home = await startTestGateway({});
  const dataDirectory = join(home.dataDirectory, '..', 'moved');
  const storage = `file:${join(home.dataDirectory, '..', 'buckets')}`;
  const start = () =>
    serve({ dataDirectory, storage, host: '127.0.0.1', port: 0, version: '0.0.0', onFault: () => {} });
  const first = await start();
  renameSync(dataDirectory, `${dataDirectory}-away`);
  await using second = await start();
  const files = readdirSync(dataDirectory).toSorted();
  expect(files).toEqual(expect.arrayContaining(['backup-sync.pid', 'catalogue.sqlite-wal', 'endpoint.json']));
  const ask = async ({ endpoint, projectId, token }: LocalGateway) => {
    const answer = await fetch(`${endpoint}/v3/${projectId}/backups`, { headers: { 'X-Auth-Token': token } });
    return answer.status;
  };
  expect([await ask(first), await ask(second)]).toEqual([503, 200]);
  await first[Symbol.asyncDispose]();
  expect(readdirSync(dataDirectory).toSorted()).toEqual(files);
  expect(await ask(second)).toBe(200);
});

test('a first start that fails creates no administrator, since nobody saw the password', async () => {
  await using home = await startTestGateway({});
  const dataDirectory = join(home.dataDirectory, '..', 'new');
  const storage = `file:${join(home.dataDirectory, '..', 'buckets')}`;
  const start = () =>
    serve({ dataDirectory, storage, host: '127.0.0.1', port: 0, version: '0.0.0', onFault: () => {} });
  // The file with the address and credential for local commands cannot be written.
  const obstacle = join(dataDirectory, 'endpoint.json');
  mkdirSync(obstacle, { recursive: true });
  writeFileSync(join(dataDirectory, 'lock.sqlite'), '');
  await expect(start()).rejects.toThrow('endpoint.json');
  rmdirSync(obstacle);
  await using gateway = await start();
  expect(gateway.generatedPassword).toMatch(/^[\w-]{24}$/);
});

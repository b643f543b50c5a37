import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Client } from '@backup-sync/core';
import { expect, test } from 'vitest';
import { workInterrupted } from './interruption.ts';
import { SyncTally } from './sync-tally.ts';
import { builtCommand, examples, start, temporaryDirectory } from './testing.ts';
import { gatedStorage, gatedItem as item } from './testing-gated-storage.ts';
import { runInProcess } from './testing-in-process.ts';
import { startHttpServer } from './testing-servers.ts';

/** A data directory, and a service that answers nothing until its gate is opened. */
async function localHome() {
  await using stack = new AsyncDisposableStack();
  const home = stack.use(await temporaryDirectory());
  const storage = stack.use(await gatedStorage(0));
  const environment = {
    BACKUP_SYNC_DATA_DIR: join(home.path, 'data'),
    BACKUP_SYNC_STORAGE: storage.specification,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    XDG_CONFIG_HOME: home.path,
  };
  const owned = stack.move();
  return { home: home.path, storage, environment, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function audited(call: string, environment: Record<string, string>) {
  const { output } = await runInProcess(['audit', 'list', '--operation', call, '--json'], { environment });
  return JSON.parse(output).audit_events;
}

test('while a sync uses a data directory, reading commands answer and writing ones say what uses it', async () => {
  await using local = await localHome();
  const { environment, storage } = local;
  const sync = start(['sync', '-'], { environment });
  const told = text(sync.stderr);
  sync.stdin.end(JSON.stringify(item));
  await storage.heldBack;
  const readers = [
    'operations list',
    'backups list',
    'sources list',
    'users list',
    'roles list',
    'projects list',
    'buckets list',
    'access-keys list',
    'audit list',
  ];
  for (const words of readers) {
    expect(await runInProcess([...words.split(' '), '--json'], { environment }), words).toMatchObject({
      code: 0,
      messages: '',
    });
  }
  const listed = JSON.parse((await runInProcess(['operations', 'list', '--json'], { environment })).output);
  expect(listed.operations).toMatchObject([{ kind: 'import', status: 'running' }]);
  const refused = await runInProcess(['sources', 'add', 'bucket'], { environment });
  expect(refused.code).toBe(1);
  expect(refused.messages).toContain(
    `is in use by process ${sync.pid} (backup-sync sync). Wait for it to end, or stop it.`,
  );

  // A plan gets as far as its storage, which does not answer.
  const plan = start(['plan', '-'], { environment });
  const toldOfPlan = text(plan.stderr);
  plan.stdin.end(JSON.stringify(item));
  await storage.heldBackTimes(2);
  plan.kill('SIGINT');
  await once(plan, 'close');
  expect(await toldOfPlan).toContain('interrupted: The command was stopped before it finished.');

  sync.kill('SIGINT');
  await once(sync, 'close');
  expect(sync.exitCode).toBe(130);
  expect(await told).toContain(
    'interrupted: 1 backup accepted, 0 ended. The next "backup-sync sync" or "backup-sync serve" on this data directory ' +
      'continues it.',
  );
  expect(await told).toContain('"backup-sync operations list"');
  const left = JSON.parse((await runInProcess(['operations', 'list', '--json'], { environment })).output);
  expect(left.operations).toMatchObject([{ kind: 'import', status: 'waiting' }]);

  // The gate opens only after the sync has requested the backup: an import that has ended is not joined.
  const again = start(['sync', '-'], { environment });
  again.stdin.end(JSON.stringify(item));
  await expect.poll(async () => (await audited('syncBackups', environment)).length).toBe(2);
  storage.openGate();
  await once(again, 'close');
  expect(again.exitCode).toBe(0);
  const done = JSON.parse((await runInProcess(['operations', 'list', '--json'], { environment })).output);
  expect(done.operations).toMatchObject([{ id: left.operations[0].id, status: 'success' }]);
}, 60_000);

test('Ctrl-C during a scan says that the server continues the scan and what it has accepted', async () => {
  const id = '01900000-0000-7000-8000-00000000000a';
  const tally = new SyncTally();
  tally.accepted = 4;
  const goesOn = { client: {} as Client, isServer: true };
  const told = await workInterrupted(goesOn, { noun: 'scan', started: [id], joined: [], tally });
  expect(told.message).toBe(`4 backups accepted, 0 ended. The server continues scan ${id} and its imports.`);
  expect(told.remedy).toContain(`"backup-sync operations watch ${id}"`);
});

test('Ctrl-C during a plan says that it was cancelled, and names nothing to check on', async () => {
  const id = '01900000-0000-7000-8000-00000000000a';
  const client = { calls: { cancelOperation: async () => ({}) } } as unknown as Client;
  const told = await workInterrupted({ client, isServer: true }, { noun: 'plan', started: [id], joined: [] });
  expect(told.message).toBe(`Plan ${id} was cancelled.`);
  expect(told.remedy).toBe('Run the command again for a new plan.');
});

test('Ctrl-C ends doctor, which does not report the interrupted request as missing', async () => {
  await using local = await localHome();
  const { environment, storage } = local;
  const doctor = start(['doctor', 'bucket'], { environment });
  const told = text(doctor.stderr);
  await storage.heldBack;
  doctor.kill('SIGINT');
  await once(doctor, 'close');
  expect(doctor.exitCode).toBe(130);
  expect(await told).toContain('interrupted: ');
});

test('after a Ctrl-C that also ends the reader of its results, the command still says what it did', async () => {
  await using local = await localHome();
  const sync = start(['sync', '-', '--json'], { environment: local.environment });
  const told = text(sync.stderr);
  sync.stdin.end(JSON.stringify(item));
  await local.storage.heldBack;
  sync.stdout.destroy();
  sync.kill('SIGINT');
  await once(sync, 'close');
  expect(sync.exitCode).toBe(130);
  expect(JSON.parse(await told).error.message).toContain('1 backup accepted, 0 ended.');
});

test('Ctrl-C during a scan without a server cancels it, since this process did the work', async () => {
  await using local = await localHome();
  const { environment, storage } = local;
  const scan = start(['scan', 'bucket', '--sync'], { environment });
  const told = text(scan.stderr);
  await storage.heldBack;
  scan.kill('SIGINT');
  await once(scan, 'close');
  expect(scan.exitCode).toBe(130);
  expect(await told).toMatch(/^interrupted: Scan \S+, which this process worked on, was cancelled\.\n/);
  const { operations } = JSON.parse((await runInProcess(['operations', 'list', '--json'], { environment })).output);
  expect(operations).toMatchObject([{ kind: 'scan', status: 'failed', reason: { code: 'cancelled' } }]);
}, 60_000);

test('a second Ctrl-C immediately ends a command that still waits for a server', async () => {
  const followed = Promise.withResolvers<void>();
  const cancelling = Promise.withResolvers<void>();
  await using server = await startHttpServer((request, response) => {
    if (request.url?.endsWith('/cancel')) return cancelling.resolve();
    if (request.method !== 'POST') return followed.resolve();
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ operation_id: '01900000-0000-7000-8000-00000000000a' }));
  });
  const environment = { BACKUP_SYNC_TOKEN: 'a-token', BACKUP_SYNC_PROJECT: 'p', BACKUP_SYNC_ENDPOINT: server.endpoint };
  const plan = start(['plan', '--bucket', 'bucket'], { environment });
  await followed.promise;
  plan.kill('SIGINT');
  await cancelling.promise;
  plan.kill('SIGINT');
  await once(plan, 'close');
  expect(plan.exitCode).toBe(130);
});

const hasScript = spawnSync('script', ['--version']).status === 0;

test.skipIf(!hasScript)('Ctrl-C on a terminal with a changing line says what was accepted', async () => {
  const asked = Promise.withResolvers<void>();
  await using server = await startHttpServer(() => asked.resolve());
  const environment = { BACKUP_SYNC_TOKEN: 'a-token', BACKUP_SYNC_PROJECT: 'p', BACKUP_SYNC_ENDPOINT: server.endpoint };
  const command = [...builtCommand, 'sync', join(examples, 'sync-request.json')].map((word) => `'${word}'`).join(' ');
  // From util-linux: runs a command on its own terminal.
  const terminal = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    env: { ...process.env, ...environment },
  });
  const shown = text(terminal.stdout);
  await asked.promise;
  terminal.stdin.write('\u0003');
  await once(terminal, 'close');
  expect(terminal.exitCode).toBe(130);
  expect((await shown).replaceAll(/\s+/g, ' ')).toContain(
    'interrupted: No backup was accepted yet. Requests that were in flight may have been accepted too. To check on it,',
  );
});

test.each([
  ['backups list', 1],
  ['operations watch', 1],
  ['users list', 1],
  ['roles list', 1],
  ['check --max-age 26h', 3],
  ['verify a-backup', 1],
  ['verify --all', 1],
  ['extract a-backup --output image', 1],
  ['backups rename a-backup another-name', 1],
  ['backups delete an-id', 1],
  ['resources retire vm-7', 1],
  ['operations cancel an-id', 1],
  ['sources scan nightly', 1],
  ['sources edit nightly --interval 1h', 1],
  ['users disable ada', 1],
  ['roles grant ada operator default', 1],
  ['buckets grant volumebackups default', 1],
  ['access-keys create ada default', 1],
  ['token', 1],
])('%s with a mistyped data directory says that there is no catalogue, and creates none', async (words, code) => {
  await using home = await temporaryDirectory();
  const environment = {
    BACKUP_SYNC_DATA_DIR: join(home.path, 'mistyped'),
    BACKUP_SYNC_STORAGE: `file:${join(examples, 'buckets')}`,
    XDG_CONFIG_HOME: home.path,
  };
  const ended = await runInProcess(words.split(' '), { environment });
  expect(ended.code).toBe(code);
  expect(ended.output + ended.messages).toContain(`There is no catalogue in ${home.path}/mistyped. Check --data-dir`);
  expect(await readdir(home.path)).toEqual([]);
});

test('a plan before the first sync plans for an empty catalogue, and creates none', async () => {
  await using home = await temporaryDirectory();
  const environment = {
    BACKUP_SYNC_DATA_DIR: join(home.path, 'data'),
    BACKUP_SYNC_STORAGE: `file:${join(examples, 'buckets')}`,
    XDG_CONFIG_HOME: home.path,
  };
  const planned = await runInProcess(['plan', join(examples, 'sync-request.json'), '--json'], { environment });
  expect(planned).toMatchObject({ code: 3, messages: '' });
  expect(JSON.parse(planned.output).plan).toHaveLength(5);
  expect(await readdir(home.path)).toEqual([]);
});

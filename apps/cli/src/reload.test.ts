import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { builtCommand, examples, type RunningServer, startServing, temporaryDirectory } from './testing.ts';

const password = 'a password of the test';

/** Adds a program that records what systemd would be notified of. */
async function makeNotify(directory: string, log: string): Promise<void> {
  await mkdir(directory);
  await writeFile(join(directory, 'systemd-notify'), `#!/bin/sh\necho "$@" >> '${log}'\n`);
  await chmod(join(directory, 'systemd-notify'), 0o755);
}

type Home = Awaited<ReturnType<typeof temporaryDirectory>>;

let home: Home;
let server: RunningServer;
let token: string;
/** What the server has said on standard error. */
let said = '';

const configure = (settings: string) =>
  writeFile(
    join(home.path, 'config.yaml'),
    `catalogue: {data_directory: data}\nstorage: {unit: "file:${join(examples, 'buckets')}"}\n${settings}\n`,
  );

const get = (path: string, headers: Record<string, string> = { 'X-Auth-Token': token }) =>
  fetch(`${server.endpoint}${path}`, { headers }).then(({ status }) => status);

/** An item to sync: a backup of the examples, under another id. */
async function exampleItem(id: string): Promise<object> {
  const { sync } = JSON.parse(await readFile(join(examples, 'sync-request.json'), 'utf8'));
  return { ...sync[0], backup_id: id.replaceAll(' ', '-'), backup_name: id };
}

/** Begins a sync, of which the server has the headers: it asks for the body, which `finish` sends. */
async function beginSync() {
  const sent = request(`${server.endpoint}/v3/${server.projectId}/backups/sync`, {
    method: 'POST',
    agent: false,
    headers: { 'X-Auth-Token': token, 'Content-Type': 'application/json', Expect: '100-continue' },
  });
  const answered = once(sent, 'response');
  sent.flushHeaders();
  await once(sent, 'continue');
  return {
    /** Returns the answer, which must be 200. */
    async finish(body: object) {
      sent.end(JSON.stringify(body));
      const [answer] = await answered;
      expect(answer.statusCode).toBe(200);
      return JSON.parse(await text(answer));
    },
  };
}

/** Sends SIGHUP, and returns the messages of the log from then until an entry of this event. */
async function hangUp(event: string): Promise<string[]> {
  const before = said.length;
  server.process.kill('SIGHUP');
  const entries = () =>
    said
      .slice(before)
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line.replaceAll(home.path, '~')) as { event: string; msg: string });
  while (!entries().some((entry) => entry.event === event)) await once(server.process.stderr, 'data');
  return entries()
    .filter((entry) => entry.event.startsWith('config.'))
    .map(({ msg }) => msg);
}

beforeAll(async () => {
  home = await temporaryDirectory();
  const log = join(home.path, 'notified');
  await makeNotify(join(home.path, 'bin'), log);
  await writeFile(join(home.path, 'password'), `${password}\n`);
  await configure('server: {admin_password_file: password}');
  server = await startServing(['--log-format', 'json', '--config', join(home.path, 'config.yaml')], {
    NOTIFY_SOCKET: '/run/systemd/notify',
    PATH: `${join(home.path, 'bin')}:${process.env.PATH}`,
  });
  server.process.stderr.on('data', (chunk) => {
    said += String(chunk);
  });
  token = JSON.parse(await readFile(join(home.path, 'data', 'endpoint.json'), 'utf8')).token;
});
afterAll(() => home[Symbol.asyncDispose]());

describe('a server with a configuration file', () => {
  test('tells at SIGHUP what is wrong in a broken file, and changes nothing', async () => {
    await configure('server: {admin_password_file: gone, limits: {connections: 0}}');
    expect(await hangUp('config.problem')).toEqual([
      'SIGHUP changed nothing: the configuration file "~/config.yaml" has a problem.',
      '~/config.yaml:3:59: server.limits.connections must be a whole number above 0, not 0',
    ]);
    await configure('server: {admin_password_file: gone}');
    expect(await hangUp('config.problem')).toContainEqual(
      expect.stringContaining(
        '~/config.yaml:3:10: server.admin_password_file names a file, which cannot be read (ENOENT)',
      ),
    );
    expect(await get(`/v3/${server.projectId}/backups`)).toBe(200);
  });

  test('applies what can change while it runs, and says what needs a restart until it is as before', async () => {
    await configure(
      'server: {admin_password_file: password, listen: "127.0.0.1:1", drain_for: 1s, limits: {calls_in_flight: 1, backlog: 7}}\nlogs: {level: debug}',
    );
    // --listen wins over the file, so that its value means nothing.
    expect(await hangUp('config.reloaded')).toEqual([
      'Read the configuration ~/config.yaml again. Changed: server.drain_for, server.limits.calls_in_flight, logs.level. ' +
        'Needs a restart: server.limits.backlog.',
    ]);
    await get(`/v3/${server.projectId}/backups`);
    while (!said.includes('"event":"call.answered"')) await once(server.process.stderr, 'data');
    const one = await beginSync();
    expect(await get(`/v3/${server.projectId}/backups`)).toBe(503);
    await one.finish({ sync: [await exampleItem('one')] });
    expect(await hangUp('config.reloaded')).toEqual([
      expect.stringContaining('again. Needs a restart: server.limits.backlog.'),
    ]);
    await configure('server: {admin_password_file: password, drain_for: 1s}');
    expect(await hangUp('config.reloaded')).toEqual([
      expect.stringContaining('again. Changed: server.limits.calls_in_flight, logs.level.'),
    ]);
    expect(await hangUp('config.reloaded')).toEqual([expect.stringContaining('again. No setting has changed.')]);
  });

  test('answers each call in flight at SIGTERM, drains before it stops, and keeps what it has accepted', async () => {
    const inFlight = await Promise.all(Array.from({ length: 12 }, beginSync));
    const closed = once(server.process, 'close');
    server.process.kill('SIGTERM');
    while ((await get('/readyz')) !== 503);
    // Load balancers have not noticed yet.
    expect(await get(`/v3/${server.projectId}/backups`)).toBe(200);
    const answers = await Promise.all(
      inFlight.map(async ({ finish }, at) => finish({ sync: [await exampleItem(`in flight ${at}`)] })),
    );
    await closed;
    expect(server.process.exitCode).toBe(0);

    await using again = await startServing(['--config', join(home.path, 'config.yaml')], {});
    ({ token } = JSON.parse(await readFile(join(home.path, 'data', 'endpoint.json'), 'utf8')));
    for (const { sync } of answers) {
      const answer = await fetch(`${again.endpoint}/v3/${again.projectId}/operation-logs/${sync[0].operation_log_id}`, {
        headers: { 'X-Auth-Token': token },
      });
      expect(answer.status).toBe(200);
    }
  });

  test('has notified the service manager of its start, of each reload with its time, and of the stop', async () => {
    const notified = (await readFile(join(home.path, 'notified'), 'utf8')).trim().split('\n');
    const reloads = notified.filter((line) => line.startsWith('RELOADING=1 MONOTONIC_USEC='));
    expect(reloads).toHaveLength(6);
    expect(notified[0]).toBe('READY=1');
    expect(notified.filter((line) => line === 'READY=1')).toHaveLength(7);
    expect(notified.at(-1)).toBe('STOPPING=1 EXTEND_TIMEOUT_USEC=61000000');
  });
});

const hasScript = spawnSync('script', ['--version']).status === 0;

test.skipIf(!hasScript)(
  'a server stops as by Ctrl-C if its terminal is closed, although that is a SIGHUP too',
  async () => {
    await using place = await temporaryDirectory();
    const data = join(place.path, 'data');
    const options = ['--listen', '127.0.0.1:0', '--data-dir', data, '--storage', `file:${join(examples, 'buckets')}`];
    const command = [...builtCommand, 'serve', ...options].map((word) => `'${word}'`).join(' ');
    // From util-linux: runs a command on its own terminal.
    const terminal = spawn('script', ['--quiet', '--command', command, '/dev/null']);
    let shown = '';
    for await (const chunk of terminal.stdout) {
      shown += String(chunk);
      if (shown.includes('Ctrl-C')) break;
    }
    const left = join(data, 'backup-sync.pid');
    expect(existsSync(left)).toBe(true);
    terminal.kill('SIGKILL');
    // Only a server that stops removes the file.
    await expect.poll(() => existsSync(left)).toBe(false);
  },
);

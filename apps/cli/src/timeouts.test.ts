import { readdir } from 'node:fs/promises';
import { platform } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { examples, run, startServer, temporaryDirectory } from './testing.ts';
import { runInProcess } from './testing-in-process.ts';
import { startDroppingServer, startUnwellServer } from './testing-servers.ts';

const request = join(examples, 'sync-request.json');
const commands: readonly (readonly string[])[] = [
  ['check', '--max-age', '26h'],
  ['doctor'],
  ['backups', 'list'],
  ['backups', 'list', '--all'],
  ['sync', request],
  ['plan', request],
  ['scan', 'volumebackups'],
  ['operations', 'watch'],
  ['login', '--user', 'ada'],
  ['token', '--user', 'ada'],
];

function environmentOf(home: string) {
  return {
    XDG_CONFIG_HOME: home,
    BACKUP_SYNC_TOKEN: 'a-token',
    BACKUP_SYNC_PROJECT: 'p',
    BACKUP_SYNC_PASSWORD: 'a password of this test',
  };
}

const stalledHead = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{';

test.each([
  ['accepts a connection and is silent', ''],
  ['falls silent in the middle of its answer', stalledHead],
])('a server that %s ends every command with a specific error', async (_, sent) => {
  await using home = await temporaryDirectory();
  await using server = await startUnwellServer((connection) => connection.write(sent));
  const { endpoint } = server;
  const ended = await Promise.all(
    commands.map((words) =>
      runInProcess([...words, '--endpoint', endpoint, '--timeout', '1s'], { environment: environmentOf(home.path) }),
    ),
  );
  for (const [index, words] of commands.entries()) {
    const { code, output, messages } = ended[index] ?? {};
    // For monitoring, 3 is "unknown", and there is no 5.
    expect(code, words.join(' ')).toBe(words[0] === 'check' ? 3 : 5);
    expect(`${output}${messages}`, words.join(' ')).toContain(`${endpoint} sent nothing for 1 s`);
  }
  expect(await readdir(home.path)).toEqual([]);
});

test('timeouts can come from the environment, and options win over it', async () => {
  await using home = await temporaryDirectory();
  await using server = await startUnwellServer(() => {});
  const list = ['backups', 'list', '--json', '--endpoint', server.endpoint];
  const [byVariable, byOption] = await Promise.all([
    runInProcess(list, { environment: { ...environmentOf(home.path), BACKUP_SYNC_TIMEOUT: '1s' } }),
    runInProcess([...list, '--timeout', '1s'], {
      environment: { ...environmentOf(home.path), BACKUP_SYNC_TIMEOUT: '1h' },
    }),
  ]);
  for (const { code, messages } of [byVariable, byOption]) {
    expect(code).toBe(5);
    expect(JSON.parse(messages).error).toMatchObject({ code: 'BackupSync.1908' });
  }
});

test.each([
  [['--timeout', '0s'], {}, 'must be a duration such as 90s, 90m, 26h or 7d, from 1s to 1h'],
  [['--connect-timeout', '2d'], {}, 'must be a duration such as 90s, 90m, 26h or 7d, from 1s to 1h'],
  [
    [],
    { BACKUP_SYNC_TIMEOUT: 'soon' },
    'BACKUP_SYNC_TIMEOUT must be a duration such as 90s, 90m, 26h or 7d, from 1s to 1h',
  ],
  [
    [],
    { BACKUP_SYNC_CONNECT_TIMEOUT: '10' },
    'BACKUP_SYNC_CONNECT_TIMEOUT must be a duration such as 90s, 90m, 26h or 7d, from 1s to 1h',
  ],
])('an invalid timeout is refused: %j %j', async (options, variables, message) => {
  const list = ['backups', 'list', '--json', '--endpoint', 'http://127.0.0.1:1'];
  const refused = await runInProcess([...list, ...options], { environment: variables });
  expect(refused.code).toBe(1);
  expect(refused.messages).toContain(message);
});

// Elsewhere a connection beyond the queue of a listener is refused, and no other way drops packets without a firewall.
const onLinux = { skip: platform() !== 'linux' };

test.concurrent('a connection that times out has a different error from a silent server', onLinux, async () => {
  await using home = await temporaryDirectory();
  await using server = await startDroppingServer();
  const environment = environmentOf(home.path);
  const list = ['backups', 'list', '--json', '--endpoint', server.endpoint];
  const check = ['check', '--max-age', '26h', '--endpoint', server.endpoint];
  const [soon, checked, byDefault] = await Promise.all([
    runInProcess([...list, '--connect-timeout', '1s'], { environment }),
    runInProcess(check, { environment: { ...environment, BACKUP_SYNC_CONNECT_TIMEOUT: '1s' } }),
    runInProcess(list, { environment }),
  ]);
  for (const { code, messages } of [soon, byDefault]) {
    expect(code).toBe(5);
    expect(JSON.parse(messages).error).toMatchObject({
      code: 'BackupSync.1907',
      message: expect.stringContaining(`could not connect to ${server.endpoint} in time`),
    });
  }
  expect(checked.code).toBe(3);
  expect(checked.output).toContain(`UNKNOWN: could not connect to ${server.endpoint} in time`);
});

test.concurrent('a server that resets or refuses connections is not reported as slow', async () => {
  await using home = await temporaryDirectory();
  const reset = await startUnwellServer((connection) => connection.resetAndDestroy());
  const list = ['backups', 'list', '--endpoint', reset.endpoint];
  for (const timeouts of [[], ['--timeout', '1m']]) {
    const ended = await runInProcess([...list, ...timeouts], { environment: environmentOf(home.path) });
    expect(ended.code).toBe(5);
    expect(ended.messages).toContain(`${reset.endpoint} closed the connection before its answer was complete`);
  }
  await reset[Symbol.asyncDispose]();
  for (const timeouts of [[], ['--timeout', '1m']]) {
    const ended = await runInProcess([...list, ...timeouts], { environment: environmentOf(home.path) });
    expect(ended.code).toBe(5);
    expect(ended.messages).toContain(`${reset.endpoint} refused the connection`);
  }
});

test.concurrent('a local command does not wait forever for a hanging server on its data directory', async () => {
  await using home = await temporaryDirectory();
  const storage = `file:${join(examples, 'buckets')}`;
  const environment = { BACKUP_SYNC_DATA_DIR: join(home.path, 'data'), BACKUP_SYNC_STORAGE: storage };
  await using server = await startServer(environment.BACKUP_SYNC_DATA_DIR, storage);
  server.process.kill('SIGSTOP');
  const listed = await run(['backups', 'list', '--timeout', '1s'], { environment });
  server.process.kill('SIGCONT');
  expect(listed.code).toBe(5);
  expect(listed.messages).toContain(`${server.endpoint} sent nothing for 1 s`);
});

test.concurrent('doctor waits for silent storage no longer than for a server', async () => {
  await using home = await temporaryDirectory();
  await using storage = await startUnwellServer(() => {});
  const doctor = await run(['doctor', 'volumebackups', '--storage', `s3:${storage.endpoint}`, '--timeout', '1s'], {
    environment: {
      ...environmentOf(home.path),
      BACKUP_SYNC_ENDPOINT: 'http://127.0.0.1:1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    },
  });
  expect(doctor.output).toContain(
    'bucket volumebackups: list failed: the storage unit could not be reached: no answer came within 1 s',
  );
});

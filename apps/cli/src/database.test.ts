import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createMigratedDatabase } from '@backup-sync/engine/migrated-database';
import { createTestDatabase } from '@backup-sync/engine/test-database';
import { expect, test } from 'vitest';
import { examples, start, temporaryDirectory } from './testing.ts';
import { runInProcess } from './testing-in-process.ts';

const environment = {
  BACKUP_SYNC_STORAGE: `file:${join(examples, 'buckets')}`,
  BACKUP_SYNC_SECRET_KEY: randomBytes(32).toString('base64'),
};

test('migrate creates the catalogue of a database once, and other commands create none', async () => {
  await using database = await createTestDatabase();
  const { host, pathname, password } = new URL(database.url);
  const place = `${host}${pathname}`;
  const at = { ...environment, BACKUP_SYNC_DATABASE_URL: database.url };
  for (const args of [['backups', 'list'], ['sync', join(examples, 'sync-request.json')], ['work']]) {
    const { code, messages } = await runInProcess(args, { environment: at });
    expect(messages).toContain(`error: The database ${place} has no catalogue. Create it with "backup-sync migrate".`);
    expect(messages).not.toContain(password);
    expect(code).toBe(1);
  }
  const created = await runInProcess(['migrate'], { environment: at });
  expect(created).toMatchObject({ code: 0, messages: '' });
  expect(created.output).toMatch(new RegExp(`^Created the catalogue in the database ${place}, with schema \\d+\\.\n$`));
  const again = JSON.parse((await runInProcess(['migrate', '--json'], { environment: at })).output);
  expect(again).toEqual({ database: place, from: again.to, to: again.to });
});

test('commands work on a database as on a data directory, and say where they work', async () => {
  await using database = await createMigratedDatabase();
  const { host, pathname, password } = new URL(database.url);
  const on = ['--database', database.url];
  const synced = await runInProcess(['sync', join(examples, 'sync-request.json'), ...on], { environment });
  expect(synced).toMatchObject({
    code: 3,
    output: expect.stringContaining('database-disk-full   database-disk  linkage'),
  });
  const listed = await runInProcess(['backups', 'list', ...on], { environment });
  expect(listed.output).toContain('web-server');
  const whoami = await runInProcess(['whoami', ...on], { environment });
  expect(whoami.output).toContain(`${host}${pathname} (--database)`);
  expect(whoami.output).toContain('(owner of the database)');
  const doctor = await runInProcess(['doctor', 'volumebackups', ...on], { environment });
  expect(doctor.output).toContain(`${host}${pathname} (--database)`);
  for (const { output, messages } of [synced, listed, whoami, doctor])
    expect(output + messages).not.toContain(password);
}, 120_000);

test('a place that is named wrongly or twice is refused, without the password', async () => {
  await using home = await temporaryDirectory();
  const url = 'postgres://ada:hunter2@127.0.0.1:1/backups';
  const cases: [string[], Record<string, string>, string][] = [
    [['whoami', '--database', url, '--data-dir', home.path], {}, "cannot be used with option '--data-dir <directory>'"],
    [
      ['whoami'],
      { BACKUP_SYNC_DATABASE_URL: url, BACKUP_SYNC_DATA_DIR: home.path },
      'BACKUP_SYNC_DATABASE_URL and BACKUP_SYNC_DATA_DIR both name a catalogue',
    ],
    [['whoami', '--database', 'mysql://ada:hunter2@db/x'], {}, '--database does not begin with postgres://'],
    [['backups', 'list', '--database', url], {}, 'The database 127.0.0.1:1/backups cannot be reached'],
    [['serve', '--no-work', '--data-dir', home.path], environment, '--no-work needs a database'],
    [['work', '--data-dir', home.path], environment, 'no database (--database or BACKUP_SYNC_DATABASE_URL) is given'],
    [['migrate', '--data-dir', home.path], {}, 'no database is given'],
    [
      ['demo', '--examples', examples, '--database', url],
      {},
      'demo needs a data directory, not a database: give --data-dir',
    ],
  ];
  for (const [args, variables, message] of cases) {
    const { code, output, messages } = await runInProcess(args, { environment: variables });
    expect(messages, args.join(' ')).toContain(message);
    expect(output + messages).not.toContain('hunter2');
    expect(code).toBe(1);
  }
});

test('nodes need the key of access keys, and all the same one', async () => {
  await using database = await createMigratedDatabase();
  const { BACKUP_SYNC_STORAGE } = environment;
  const at = { BACKUP_SYNC_STORAGE, BACKUP_SYNC_DATABASE_URL: database.url };
  const none = await runInProcess(['work'], { environment: at });
  expect(none.messages).toContain(
    'BACKUP_SYNC_SECRET_KEY is not set. All nodes that use one database need the same key',
  );
  const [one, other] = [1, 2].map(() => randomBytes(32).toString('base64'));
  const first = await runInProcess(['work', '--metrics-listen', '127.0.0.1:0'], {
    environment: { ...at, BACKUP_SYNC_SECRET_KEY: one ?? '' },
    untilOutput: true,
  });
  expect(first).toMatchObject({
    code: 0,
    output: expect.stringMatching(/^working on the operations of the database .*\nmetrics: http:\S+:\d+\/metrics\n/),
  });
  const second = await runInProcess(['work'], { environment: { ...at, BACKUP_SYNC_SECRET_KEY: other ?? '' } });
  expect(second.messages).toContain('contains another key than the one of the other nodes');
  expect(second.messages).not.toContain(other);
});

test('a worker takes its database from a configuration file, and at SIGHUP ignores settings of the API', async () => {
  await using database = await createMigratedDatabase();
  await using home = await temporaryDirectory();
  const file = join(home.path, 'config.yaml');
  const configure = (storage: string, more: string) =>
    writeFile(
      file,
      `catalogue: {database_url_file: url}\nstorage: {unit: "${environment.BACKUP_SYNC_STORAGE}"${storage}}\n${more}`,
    );
  await writeFile(join(home.path, 'url'), `${database.url}\n`, { mode: 0o600 });
  await configure('', '');
  const { BACKUP_SYNC_SECRET_KEY } = environment;
  const worker = start(['work', '--config', file], { environment: { BACKUP_SYNC_SECRET_KEY } });
  let said = '';
  const reloaded = Promise.withResolvers<void>();
  worker.stderr.on('data', (chunk) => {
    said += String(chunk);
    if (/event=config\.(?:reloaded|refused)/.test(said)) reloaded.resolve();
  });
  const closed = once(worker, 'close').then(() => reloaded.resolve());
  await once(worker.stdout, 'data');
  await configure(
    ', region: eu-west-1',
    'server: {listen: "127.0.0.1:1", tls: {key_file: gone}}\nlogs: {level: debug}\n',
  );
  worker.kill('SIGHUP');
  await reloaded.promise;
  worker.kill('SIGTERM');
  await closed;
  expect(worker.exitCode).toBe(0);
  expect(said).toContain('Changed: logs.level. Needs a restart: storage.region.');
}, 120_000);

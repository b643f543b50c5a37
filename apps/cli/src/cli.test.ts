// Over 400 lines: one walk through the command as a person uses it, on one set of helpers.
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { examples, run, startServer, temporaryDirectory } from './testing.ts';

const request = join(examples, 'sync-request.json');
const brokenVolume = 'volume_9b312830-b8bb-4b32-b5d4-34873ff17f0f';
const storage = `file:${join(examples, 'buckets')}`;

describe('in local mode', () => {
  test('sync imports the examples, proves them, and a second sync changes nothing', async () => {
    await using home = await temporaryDirectory();
    const environment = { BACKUP_SYNC_DATA_DIR: join(home.path, 'data'), BACKUP_SYNC_STORAGE: storage };
    const first = await run(['sync', request], { environment });
    expect(first.code).toBe(3);
    expect(first.output).toMatch(/database-disk-full +database-disk +linkage +6 +[\d.]+ KiB +created/);
    expect(first.output).toMatch(/web-server +web-server +presence .* created/);
    expect(first.output).toMatch(/mail-disk-full .* failed: object_missing/);
    expect(first.output).toContain('What to do: Restore the object');

    const second = await run(['sync', '-', '--json'], { environment, input: await readFile(request, 'utf8') });
    expect(second.code).toBe(3);
    const logs: { status: string; backup_sync: { outcome: string } }[] = JSON.parse(second.output).operation_logs;
    expect(logs.map((log) => log.backup_sync.outcome)).toEqual(Array(5).fill('unchanged'));
    expect(logs.filter((log) => log.status === 'success')).toHaveLength(4);
    expect(second.messages).toBe('');
  });

  test('NDJSON is taken from standard input, and bad lines are named all at once', async () => {
    await using home = await temporaryDirectory();
    const environment = { BACKUP_SYNC_DATA_DIR: join(home.path, 'data'), BACKUP_SYNC_STORAGE: storage };
    const items: object[] = JSON.parse(await readFile(request, 'utf8')).sync;
    const lines = items.map((item) => JSON.stringify(item));
    const good = await run(['sync', '-', '--json'], { environment, input: `${lines.slice(0, 2).join('\n')}\n\n` });
    expect(good.code).toBe(0);
    expect(JSON.parse(good.output).operation_logs).toHaveLength(2);

    const spoilt = [
      lines[0],
      JSON.stringify({ ...items[1], backup_name: '' }),
      JSON.stringify({ ...items[2], created_at: 'x' }),
    ];
    const file = join(home.path, 'spoilt.ndjson');
    await writeFile(file, spoilt.join('\n'));
    const bad = await run(['sync', file], { environment });
    expect(bad).toMatchObject({ code: 1, output: '' });
    expect(bad.messages).toContain('line 2, backup_name: must have 1 to 64 characters');
    expect(bad.messages).toContain('line 3, created_at: ');
  });

  test('backups and operations are listed, shown and deleted', async () => {
    await using home = await temporaryDirectory();
    const where = ['--data-dir', join(home.path, 'data'), '--storage', storage];
    await run(['sync', request, ...where]);
    const listed = JSON.parse((await run(['backups', 'list', '--json', '--sort', 'name:asc', ...where])).output);
    expect(listed.backups.map(({ name }: { name: string }) => name)).toEqual([
      'database-disk-day-1',
      'database-disk-day-2',
      'database-disk-full',
      'mail-disk-full',
      'web-server',
    ]);
    const broken = listed.backups[3];
    const shown = await run(['backups', 'show', broken.id, ...where]);
    expect(shown.output).toMatch(/status +error/);
    expect(shown.output).toMatch(/reason +object_missing \(BackupSync\.2013\)/);

    const operations = JSON.parse((await run(['operations', 'list', '--status', 'failed', '--json', ...where])).output);
    expect(operations.operations).toHaveLength(1);
    const operation = await run(['operations', 'show', operations.operations[0].id, ...where]);
    expect(operation.output).toMatch(/what to do +Restore the object/);

    expect((await run(['backups', 'delete', broken.id, ...where])).code).toBe(0);
    const gone = await run(['backups', 'show', broken.id, '--json', ...where]);
    expect(gone).toMatchObject({ code: 1, output: '' });
    expect(JSON.parse(gone.messages)).toMatchObject({ error: { code: 'BackupSync.1009' } });
  });
});

describe('a bucket of objects in which no backup is recognised', () => {
  async function homeWithLogs() {
    const home = await temporaryDirectory();
    await mkdir(join(home.path, 'buckets', 'logs'), { recursive: true });
    await writeFile(join(home.path, 'buckets', 'logs', 'today.txt'), 'text');
    const environment = {
      BACKUP_SYNC_DATA_DIR: join(home.path, 'data'),
      BACKUP_SYNC_STORAGE: `file:${join(home.path, 'buckets')}`,
    };
    return { environment, [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() };
  }

  test.each([
    [['scan', 'logs']],
    [['scan', 'logs', '--sync']],
    [['scan', 'logs', '--json']],
    [['plan', '--bucket', 'logs']],
    [['plan', '--bucket', 'logs', '--json']],
  ])('is no success: %j', async (command) => {
    await using home = await homeWithLogs();
    const { code, messages } = await run(command, home);
    expect(code).toBe(3);
    expect(messages).toContain('logs/ has 1 object');
    expect(messages).toContain('path template');
  });

  test('fails a run of a source in the same way', async () => {
    await using home = await homeWithLogs();
    await run(['sources', 'add', 'logs', '--name', 'nightly'], home);
    const scanned = await run(['sources', 'scan', 'nightly'], home);
    expect(scanned.code).toBe(3);
    expect(scanned.messages).toContain('no backup was recognised');
  });
});

describe('scan', () => {
  test('finds the Cinder backups of the examples, as items that sync takes', async () => {
    await using home = await temporaryDirectory();
    const environment = { BACKUP_SYNC_DATA_DIR: join(home.path, 'data'), BACKUP_SYNC_STORAGE: storage };
    const scanned = await run(['scan', 'volumebackups'], { environment });
    expect(scanned.code).toBe(0);
    expect(scanned.messages).toBe('the listing is complete: 18 objects, 4 backups, 0 with a problem\n');
    const names = scanned.output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).backup_name);
    expect(names).toEqual(['mail-disk-full', 'database-disk-full', 'database-disk-day-1', 'database-disk-day-2']);
    const synced = await run(['sync', '-'], { environment, input: scanned.output });
    expect(synced.code).toBe(3);
    expect(synced.output).toMatch(/database-disk-day-2 .* linkage .* created/);
    expect((await run(['scan', 'volumebackups'], { environment })).output).toBe('');
    const all = await run(['scan', 'volumebackups/volume_fce', '--json'], { environment });
    const states = all.output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).state);
    expect(states).toEqual(['known', 'known', 'known']);
  });

  test('says of each backup that cannot be brought in why, and of each reason what to do', async () => {
    await using home = await temporaryDirectory();
    const buckets = join(home.path, 'buckets');
    await cp(join(examples, 'buckets'), buckets, { recursive: true });
    const files = await readdir(join(buckets, 'volumebackups', brokenVolume), { recursive: true });
    const mark = files.find((file) => file.endsWith('_metadata')) ?? '';
    const markKey = `${brokenVolume}/${mark}`;
    await rm(join(buckets, 'volumebackups', markKey));
    const where = ['--data-dir', join(home.path, 'data'), '--storage', `file:${buckets}`];
    const scanned = await run(['scan', 'volumebackups', ...where]);
    expect(scanned.code).toBe(3);
    expect(scanned.output.trim().split('\n')).toHaveLength(3);
    const place = `volumebackups/${markKey.slice(0, -'_metadata'.length)}`;
    expect(scanned.messages).toMatch(new RegExp(`^${place}: incomplete, .*${markKey} is not there\\n`));
    expect(scanned.messages).toMatch(/4 backups, 1 with a problem\n1 incomplete \(BackupSync\.\d+\)\n {2}What to do: /);
  });

  test('with --sync imports unknown formats by a template, and its operation is shown', async () => {
    await using home = await temporaryDirectory();
    const where = ['--data-dir', join(home.path, 'data'), '--storage', storage];
    const template = ['--path-template', '{plan_id}/{resource_id}/{backup_id}'];
    const scanned = await run(['scan', 'vmware-backups', '--sync', ...template, ...where]);
    expect(scanned).toMatchObject({ code: 0, output: '' });
    expect(scanned.messages).toContain('1 of 1 brought in');
    const listed = JSON.parse((await run(['operations', 'list', '--json', ...where])).output);
    expect(listed.operations.map(({ kind }: { kind: string }) => kind)).toEqual(['import', 'scan']);
    const imported = listed.operations[0].id;
    expect((await run(['operations', 'show', imported, ...where])).output).toMatch(/outcome +created/);
  });

  test('of a bucket that is not there exits 1 with the reason', async () => {
    await using home = await temporaryDirectory();
    const ended = await run(['scan', 'nowhere', '--data-dir', join(home.path, 'data'), '--storage', storage]);
    expect(ended).toMatchObject({ code: 1, output: '' });
    expect(ended.messages).toContain('not complete: the bucket does not exist');
  });
});

describe('sources', () => {
  test('bring in what is new, mark what is gone after two runs, and hold a mass removal until it is confirmed', async () => {
    await using home = await temporaryDirectory();
    const buckets = join(home.path, 'buckets');
    await cp(join(examples, 'buckets'), buckets, { recursive: true, preserveTimestamps: true });
    const environment = {
      BACKUP_SYNC_DATA_DIR: join(home.path, 'data'),
      BACKUP_SYNC_STORAGE: `file:${buckets}`,
    };
    const command = (...args: string[]) => run(args, { environment });
    await rm(join(buckets, 'volumebackups', brokenVolume), { recursive: true });
    expect((await command('sources', 'add', 'volumebackups', '--name', 'nightly')).code).toBe(0);
    expect((await command('sources', 'scan', 'nightly')).messages).toContain('3 of 3 brought in');
    const shown = await command('sources', 'show', 'nightly');
    expect(shown.output).toMatch(/last good sync \(UTC\) +\d{4}/);
    expect(shown.output).toMatch(/fce0b9df\S+ +3 +3 +2026-09-03 02:00:00/);

    await rm(join(buckets, 'volumebackups', 'volume_fce0b9df-75b4-4611-8f84-82b3da12f14c', '20260903020000'), {
      recursive: true,
    });
    await command('sources', 'scan', 'nightly');
    expect((await command('backups', 'list', '--status', 'error')).messages).toContain('0 of 0');
    expect((await command('sources', 'scan', 'nightly')).messages).toContain('1 no longer there');
    const gone = JSON.parse((await command('backups', 'list', '--status', 'error', '--json')).output);
    expect(gone.backups[0].backup_sync.reason.code).toBe('vanished');

    await rm(join(buckets, 'volumebackups'), { recursive: true });
    expect((await command('sources', 'scan', 'nightly')).code).toBe(1);
    const failed = await command('sources', 'show', 'nightly');
    expect(failed.output).toMatch(
      /Last run: operation \S+, begun .*, failed: the bucket does not exist.*\(bucket_not_found\)/,
    );
    expect(failed.output).toContain('What to do: Check bucket_name');
    const runs = JSON.parse((await command('operations', 'list', '--kind', 'source_run', '--json')).output);
    expect(runs.operations[0]).toMatchObject({ kind: 'source_run', status: 'failed' });
    expect(runs.count).toBe(4);
    await mkdir(join(buckets, 'volumebackups'));
    // Every night, until someone has looked.
    for (const _ of ['first', 'second']) {
      const holding = await command('sources', 'scan', 'nightly');
      expect(holding.code).toBe(3);
      expect(holding.messages).toContain('removals wait for someone');
    }
    expect((await command('sources', 'list')).output).toMatch(/nightly .* held/);
    const held = await command('sources', 'show', 'nightly');
    expect(held.output).toMatch(/by operation \S+: the listing showed no backup at all.* 2 no longer listed/);
    expect(held.output).toContain('What to do: See that the bucket is the right one');
    expect((await command('sources', 'confirm', 'nightly')).messages).toContain('2 no longer there');
    expect((await command('sources', 'remove', 'nightly')).code).toBe(0);
    expect(await command('sources', 'show', 'nightly')).toMatchObject({ code: 1, output: '' });
  }, 60_000);

  test('exit 3 every night while a backup is in error, and name it with what to do', async () => {
    await using home = await temporaryDirectory();
    const environment = { BACKUP_SYNC_DATA_DIR: join(home.path, 'data'), BACKUP_SYNC_STORAGE: storage };
    const command = (...args: string[]) => run(args, { environment });
    await command('sources', 'add', 'volumebackups', '--name', 'nightly');
    const first = await command('sources', 'scan', 'nightly');
    expect(first.code).toBe(3);
    expect(first.messages).toContain('3 imported or unchanged, 1 in error');
    const second = await command('sources', 'scan', 'nightly');
    expect(second.code).toBe(3);
    expect(second.messages).toMatch(
      /3 imported or unchanged, 1 in error\nan object .* missing.*\n {2}What to do: Restore/,
    );
    expect((await command('sources', 'list')).output).toMatch(/nightly .* failed: object_missing/);
    const shown = await command('sources', 'show', 'nightly');
    expect(shown.output).toMatch(
      /1 backup is in error:\nobject_missing .*\n {2}mail-disk-full .*\n {2}What to do: Restore/,
    );
    expect((await command('scan', 'volumebackups', '--sync')).code).toBe(3);
  }, 60_000);

  test('are not added for a mistyped bucket, unless --force says so', async () => {
    await using home = await temporaryDirectory();
    const environment = { BACKUP_SYNC_DATA_DIR: join(home.path, 'data'), BACKUP_SYNC_STORAGE: storage };
    const mistyped = await run(['sources', 'add', 'volumebackup'], { environment });
    expect(mistyped).toMatchObject({ code: 1, output: '' });
    expect(mistyped.messages).toMatch(/bucket volumebackup does not exist(.|\n)*--force/);
    expect((await run(['sources', 'add', 'volumebackup', '--force'], { environment })).code).toBe(0);
  });

  test('are edited: what is named changes, and "none" takes an interval away', async () => {
    await using home = await temporaryDirectory();
    const environment = { BACKUP_SYNC_DATA_DIR: join(home.path, 'data'), BACKUP_SYNC_STORAGE: storage };
    const command = (...args: string[]) => run(args, { environment });
    await command('sources', 'add', 'volumebackups', '--name', 'nightly', '--interval', '3600');
    const edited = await command(
      'sources',
      'edit',
      'nightly',
      '--interval',
      'none',
      '--prefix',
      'volume_fce',
      '--json',
    );
    expect(JSON.parse(edited.output).source).toMatchObject({
      interval_s: null,
      next_run_at: null,
      prefix: 'volume_fce',
      level: 'linkage',
    });
    const unnamed = await command('sources', 'edit', 'nightly', '--force');
    expect(unnamed).toMatchObject({ code: 1, output: '' });
    expect(unnamed.messages).toContain('nothing to change: give --interval');
  });

  test('say what of a run goes on behind it', async () => {
    await using home = await temporaryDirectory();
    const environment = {
      BACKUP_SYNC_DATA_DIR: join(home.path, 'data'),
      BACKUP_SYNC_STORAGE: storage,
      // Slow enough that verifications are left when the command ends.
      BACKUP_SYNC_REQUESTS_PER_SECOND: '4',
    };
    await run(['sources', 'add', 'volumebackups', '--level', 'content'], { environment });
    const scanned = await run(['sources', 'scan', 'volumebackups'], { environment });
    expect(scanned.messages).toMatch(/\d+ verifications have not ended: a server does them/);
    const left = await run(['operations', 'list', '--kind', 'verify', '--json'], { environment });
    expect(JSON.parse(left.output).operations.map(({ status }: { status: string }) => status)).toContain('waiting');
  }, 60_000);
});

describe('a running server', () => {
  test('serves commands by endpoint and token, and those on its own data directory', async () => {
    await using home = await temporaryDirectory();
    const dataDirectory = join(home.path, 'data');
    const password = 'a password of the test';
    await using server = await startServer(dataDirectory, storage, { BACKUP_SYNC_ADMIN_PASSWORD: password });
    const local = ['--data-dir', dataDirectory, '--storage', storage];
    expect((await run(['sync', request, ...local])).code).toBe(3);

    const issued = await run(['token', '--endpoint', server.endpoint, '--json'], { input: `${password}\n` });
    const { token, project_id: projectId } = JSON.parse(issued.output);
    expect(projectId).toBe(server.projectId);
    const environment = {
      BACKUP_SYNC_ENDPOINT: server.endpoint,
      BACKUP_SYNC_TOKEN: token,
      BACKUP_SYNC_PROJECT: projectId,
    };
    const listed = await run(['backups', 'list', '--json', '--status', 'available'], { environment });
    expect(JSON.parse(listed.output).count).toBe(4);

    const other = await run(['backups', 'list', '--project', 'other', ...local]);
    expect(other).toMatchObject({ code: 4, output: '' });
    const stranger = await run(['backups', 'list'], { environment: { ...environment, BACKUP_SYNC_TOKEN: 'nonsense' } });
    expect(stranger).toMatchObject({ code: 4, output: '' });
    const wrong = await run(['token', '--endpoint', server.endpoint], {
      environment: { BACKUP_SYNC_PASSWORD: 'guess' },
    });
    expect(wrong).toMatchObject({ code: 4, output: '' });
    expect(wrong.messages + stranger.messages).not.toContain(password);
  });

  test('a second one on its port or data directory says so in one sentence', async () => {
    await using home = await temporaryDirectory();
    const dataDirectory = join(home.path, 'data');
    await using server = await startServer(dataDirectory, storage);
    const sameDirectory = await run([
      'serve',
      '--listen',
      '127.0.0.1:0',
      '--data-dir',
      dataDirectory,
      '--storage',
      storage,
    ]);
    expect(sameDirectory.code).toBe(1);
    expect(sameDirectory.messages).toMatch(/^error: .*data directory.* in use.*\n$/i);
    const address = new URL(server.endpoint).host;
    const samePort = await run([
      'serve',
      '--listen',
      address,
      '--data-dir',
      join(home.path, 'other'),
      '--storage',
      storage,
    ]);
    expect(samePort.code).toBe(1);
    expect(samePort.messages).toMatch(new RegExp(`^error: ${address} is in use by another program; .*\n$`));
  });
});

describe('what is wrong is said in a sentence', () => {
  test('a password of the first administrator that the API would not take starts no server', async () => {
    await using home = await temporaryDirectory();
    const args = ['serve', '--data-dir', join(home.path, 'data'), '--storage', `file:${home.path}`];
    const ended = await run(args, { environment: { BACKUP_SYNC_ADMIN_PASSWORD: 'eleven-char' } });
    expect(ended).toEqual({
      code: 1,
      output: '',
      messages: 'error: BACKUP_SYNC_ADMIN_PASSWORD must have 12 to 1024 characters, has 11\n',
    });
    expect(await readdir(home.path)).toEqual([]);
  });

  test.each([
    [['sync', 'no-such-file.json', '--endpoint', 'http://127.0.0.1:9'], 1, 'the file no-such-file.json does not exist'],
    [['backups', 'list'], 1, 'or give a data directory (--data-dir'],
    [['backups', 'list', '--endpoint', 'http://127.0.0.1:9'], 4, 'or set a valid BACKUP_SYNC_TOKEN'],
    [['backups', 'list', '--endpoint', 'ftp://x', '--project', 'p'], 1, '"ftp://x" is not an address'],
    [['backups', 'list', '--endpoint', 'http://127.0.0.1:9', '--project', 'p'], 5, 'does not answer'],
    [['scan', 'bucket', '--data-dir', 'd', '--storage', 'ftp:x'], 1, 'file:<directory>'],
    [['backups', 'lst'], 1, 'Did you mean list?'],
    [['backups', 'list', '--colour'], 1, "unknown option '--colour'"],
    [['backups', 'list', '--limit', 'ten'], 1, 'whole number'],
    [['serve', '--listen', 'nowhere', '--data-dir', 'd', '--storage', 'file:d'], 1, '"nowhere" is not host:port'],
    [['serve', '--public-url', 'here', '--data-dir', 'd', '--storage', 'file:d'], 1, '"here" is not an address like'],
    [['backups', 'list', '--endpoint', 'http://127.0.0.1:9', '--token', 't'], 1, "unknown option '--token'"],
    [['sync', 'items.csv', '--format', 'xml'], 1, 'Allowed choices are json, ndjson, csv'],
    [['bakups', 'list'], 1, 'Did you mean backups?'],
    [['backups', 'list', '--profile', 'work'], 1, 'there is no profile "work"'],
  ])('%j exits %i and says %s', async (args, code, sentence) => {
    await using home = await temporaryDirectory();
    const isRemote = args.includes('--project');
    const ended = await run(args, {
      environment: { XDG_CONFIG_HOME: home.path, ...(isRemote && { BACKUP_SYNC_TOKEN: 'a-token' }) },
    });
    expect(ended).toMatchObject({ code, output: '' });
    expect(ended.messages).toContain(sentence);
    expect(ended.messages).not.toMatch(/^\s+at /m);
  });

  test.each([[['backups', 'lst']], [['backups', 'list', '--limit', 'ten']], [['backups', 'show']], [['backups']]])(
    '%j with --json says so in JSON alone',
    async (args) => {
      const ended = await run([...args, '--json']);
      expect(ended).toMatchObject({ code: 1, output: '' });
      const { error } = JSON.parse(ended.messages);
      expect(error).toMatchObject({ code: 'UsageError', message: expect.stringMatching(/^(?!error)[^()]+/) });
    },
  );

  test('a file that is neither JSON nor NDJSON is named with the line', async () => {
    await using home = await temporaryDirectory();
    const file = join(home.path, 'list.json');
    await writeFile(file, '{"backup_id":\n');
    const ended = await run(['sync', file, '--data-dir', home.path, '--storage', storage]);
    expect(ended.messages).toContain('list.json: is not JSON: it ends too early');
  });
});

test('demo imports the examples through the public API and exits 0 when all came out as it should', async () => {
  await using home = await temporaryDirectory();
  const args = [
    'demo',
    '--examples',
    examples,
    '--once',
    '--listen',
    '127.0.0.1:0',
    '--data-dir',
    join(home.path, 'data'),
  ];
  for (const outcome of ['created', 'unchanged']) {
    const ended = await run(args);
    expect(ended.code).toBe(0);
    expect(ended.output).toContain('All is well');
    expect(ended.output.match(new RegExp(`${outcome}$`, 'gm'))).toHaveLength(4);
    expect(ended.output).toContain(`What to do next:\n  backup-sync backups list --data-dir ${home.path}/data\n`);
  }
});

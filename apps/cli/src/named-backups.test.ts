import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errors } from '@backup-sync/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryDirectory } from './testing.ts';
import { type ChainServer, openChainServer } from './testing-chains.ts';
import { runInProcess } from './testing-in-process.ts';
import { startHttpServer } from './testing-servers.ts';

let server: ChainServer;
beforeAll(async () => {
  server = await openChainServer();
}, 60_000);
afterAll(() => server[Symbol.asyncDispose]());

const shown = async (...args: string[]) => {
  const { code, output, messages } = await server.call(['backups', 'show', ...args, '--json']);
  if (code === 0) return JSON.parse(output).backup.id;
  return JSON.parse(messages).error;
};

describe('a backup is named', () => {
  test('by its id, its name, or the beginning of its id', async () => {
    expect(await shown('vm-1-day-0')).toBe('vm-1-day-0');
    expect(await shown('third')).toBe('vm-1-day-2');
    expect(await shown('vm-1-day-2')).toBe('vm-1-day-2');
    expect(await shown('plain-')).toBe('plain-a');
    expect(await shown('pla')).toMatchObject({ code: 'BackupSync.1009' });
    // A name wins over the beginning of an id: "plain" is both.
    expect(await shown('plain')).toBe('plain-a');
  });

  test('ambiguously: the error lists the candidates, newest first', async () => {
    const ended = await server.call(['backups', 'show', 'nightly']);
    expect(ended).toMatchObject({ code: 1, output: '' });
    const lines = ended.messages.split('\n');
    expect(lines[0]).toBe('error: 6 backups have the name "nightly"');
    expect(lines[1]).toMatch(/^ {2}vm-\d-day-1: nightly of (mail|web) server, taken 2026-09-02 02:00:00, available$/);
    expect(lines.at(-2)).toBe('Name one by its id.');
    const { code, problems } = await shown('vm-1-');
    expect(code).toBe('AmbiguousNameError');
    expect(problems.map(({ place }: { place: string }) => place)).toEqual(['vm-1-day-2', 'vm-1-day-1', 'vm-1-day-0']);
  });

  test('by its resource: the newest available one, or the only one', async () => {
    expect(await shown('--resource', 'vm-2', '--latest')).toBe('vm-2-day-1');
    expect(await shown('--resource', 'plain')).toBe('plain-a');
    const newest = await server.call(['backups', 'show', '--resource', 'mail server', '--latest']);
    expect(newest.output).toMatch(/^id +vm-1-day-1$/m);
    expect(newest.messages).toContain('A newer backup is in error: vm-1-day-2 (third), taken 2026-09-03 02:00:00.');
    const several = await server.call(['backups', 'show', '--resource', 'vm-1']);
    expect(several).toMatchObject({ code: 1, messages: expect.stringContaining('vm-1-day-2: third of mail server') });
    const { message, problems } = await shown('--resource', 'web server', '--latest');
    expect(message).toBe('several resources have the name "web server"');
    expect(problems.map(({ place }: { place: string }) => place).toSorted()).toEqual(['vm-2', 'vm-3']);
    expect(await shown('--resource', 'nobody', '--latest')).toMatchObject({ code: errors.resource_not_found.number });
  });

  test.each([
    [['--latest'], 'add --resource'],
    [[], 'name one, or give --resource'],
    [['third', '--resource', 'vm-1'], 'both a backup and --resource are given'],
  ])('not as %j', async (args, sentence) => {
    expect((await shown(...args)).message).toContain(sentence);
  });

  test('to be extracted', async () => {
    await using home = await temporaryDirectory();
    const image = join(home.path, 'image');
    const ended = await server.call(['extract', '--resource', 'vm-2', '--latest', '--output', image]);
    expect(ended.code).toBe(0);
    expect((await readFile(image)).subarray(65_536, 65_541).toString()).toBe('day 1');
  });

  test('to be verified, and nothing is verified if one name is ambiguous', async () => {
    const ended = await server.call(['verify', 'vm-2-day-1', 'nightly']);
    expect(ended).toMatchObject({ code: 1, output: '' });
    const { count } = await server.client.calls.listOperations({ kind: ['verify'] });
    expect(count).toBe(0);
    expect(await server.call(['verify', '--resource', 'vm-3', '--latest'])).toMatchObject({ code: 0 });
    const unknown = JSON.parse((await server.call(['verify', 'nobody', '--json'])).output);
    expect(unknown.refused).toEqual([expect.objectContaining({ backup_id: 'nobody', code: 'BackupSync.1009' })]);
  });

  test('to be renamed', async () => {
    expect(await server.call(['backups', 'rename', 'third', 'day two'])).toMatchObject({ code: 0 });
    const ended = await server.call(['backups', 'rename', 'vm-1-day-2', 'third']);
    expect(ended.messages).toBe('renamed: vm-1-day-2 is "third" until a sync request changes the name\n');
    expect(await server.call(['backups', 'rename', 'nightly', 'x'])).toMatchObject({
      code: 1,
      messages: expect.stringContaining('6 backups have the name "nightly"'),
    });
    expect(await server.call(['backups', 'rename', 'nobody', 'x'])).toMatchObject({ code: 1 });
  });

  test('only by its id to be deleted', async () => {
    const ended = await server.call(['backups', 'delete', 'third']);
    expect(ended).toMatchObject({ code: 1, messages: expect.stringContaining('no backup has the id "third"') });
    expect(ended.messages).toContain('delete needs the full id, not a name');
    expect(await server.call(['backups', 'delete', 'vm-1-day'])).toMatchObject({ code: 1 });
    expect(await shown('vm-1-day-2')).toBe('vm-1-day-2');
  });
});

test('a service that cannot search by the beginning of an id yields no backup instead of a wrong one', async () => {
  const other = {
    id: 'other',
    name: 'other',
    created_at: '2026-09-01T02:00:00.000000',
    resource_id: 'r',
    resource_name: 'r',
    resource_type: 'OS::Nova::Server',
    status: 'available',
  };
  await using cloud = await startHttpServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://cloud');
    const isListing = pathname.endsWith('/backups');
    response.writeHead(isListing ? 200 : 404, { 'Content-Type': 'application/json' });
    const backups = searchParams.has('name') ? [] : [other];
    response.end(JSON.stringify(isListing ? { backups, count: backups.length } : { error_code: 'CBR', error_msg: '' }));
  });
  const environment = {
    BACKUP_SYNC_ENDPOINT: cloud.endpoint,
    BACKUP_SYNC_TOKEN: 't0ken',
    BACKUP_SYNC_PROJECT: 'p',
  };
  const ended = await runInProcess(['backups', 'show', 'nightly'], { environment });
  expect(ended).toMatchObject({ code: 1, messages: expect.stringContaining('no backup has the id or name "nightly"') });
});

test('a resource is named by its id or its name', async () => {
  const { call } = server;
  expect(
    await call(['check', '--critical', '999999d', '--resource', 'plain', '--min-level', 'presence']),
  ).toMatchObject({
    code: 0,
    output: expect.stringContaining('OK: 1 resource has a backup'),
  });
  const plain = ['check', '--critical', '999999d', '--resource', 'plain'];
  expect(await call(plain)).toMatchObject({ code: 2, output: expect.stringContaining('no proved backup') });
  expect(await call([...plain, '--accept-ceiling'])).toMatchObject({ code: 0 });
  expect((await call(['check', '--critical', '26h', '--resource', 'mail server'])).output).toContain('mail server');
  const unknown = await call(['check', '--critical', '26h', '--resource', 'nobody']);
  expect(unknown).toMatchObject({
    code: 3,
    output: 'UNKNOWN: no backup belongs to a resource "nobody" (BackupSync.1068)\n',
  });
  const several = await call(['check', '--critical', '26h', '--resource', 'web server']);
  expect(several).toMatchObject({ code: 3, output: expect.stringContaining('several resources have the name') });
  expect(await call(['resources', 'retire', 'mail server'])).toMatchObject({ code: 0 });
  expect(await call(['resources', 'unretire', 'mail server'])).toMatchObject({ code: 0 });
  expect(await call(['resources', 'retire', 'nobody'])).toMatchObject({
    code: 1,
    messages: expect.stringContaining('no backup of nobody is recorded'),
  });
});

test('an operation is named by its id, or the beginning of it', async () => {
  const { operations } = await server.client.calls.listOperations({ limit: 2 });
  const id = operations[0]?.id ?? '';
  const show = (text: string) => server.call(['operations', 'show', text, '--json']);
  expect(JSON.parse((await show(id.slice(0, -1))).output).operation.id).toBe(id);
  const several = JSON.parse((await show(id.slice(0, 4))).messages).error;
  expect(several.code).toBe('AmbiguousNameError');
  expect(several.problems.map(({ place }: { place: string }) => place)).toContain(id);
  expect(JSON.parse((await show('ffffffff')).messages).error.code).toBe('BackupSync.1017');
});

describe('verify', () => {
  const newest = ['vm-1-day-1', 'vm-2-day-1', 'vm-3-day-1'];
  const verified = async (...args: string[]) => {
    const { code, output } = await server.call(['verify', ...args, '--json']);
    return { code, ...JSON.parse(output) };
  };
  const ids = (operations: { backup_id: string }[]) => operations.map(({ backup_id }) => backup_id).toSorted();

  test('--all reads each chain once, by its newest backup, and lists what it leaves out', async () => {
    const ended = await server.call(['verify', '--all']);
    expect(ended.code).toBe(0);
    expect(ended.messages).toContain(
      'Verifying 3 chains with 6 links, to content; left out: 1 backup in error, 1 of a format that is not read.',
    );
    const lines = ended.output.trim().split('\n');
    expect(lines.slice(0, 3).toSorted()).toEqual([
      'success  vm-1-day-1  nightly of mail server',
      'success  vm-2-day-1  nightly of web server',
      'success  vm-3-day-1  nightly of web server',
    ]);
    expect(lines[3]).toMatch(/^3 of 3 chains verified, 0 failed, 9\d\d\.\d KiB read$/);
  });

  test('--sample verifies some of the chains, and lists them', async () => {
    const { code, operations, refused } = await verified('--sample', '50%');
    expect(code).toBe(0);
    expect(operations).toHaveLength(2);
    expect(newest).toEqual(expect.arrayContaining(ids(operations)));
    expect(refused).toEqual([]);
    expect(ids((await verified('--sample', '100%')).operations)).toEqual(newest);
  });

  test('--resource and --source narrow what is verified', async () => {
    expect(ids((await verified('--all', '--resource', 'mail server')).operations)).toEqual(['vm-1-day-1']);
    await server.call(['sources', 'add', 'backups/vm-3', '--name', 'third-server']);
    await server.call(['sources', 'scan', 'third-server']);
    expect(ids((await verified('--all', '--source', 'third-server')).operations)).toEqual(['vm-3-day-1']);
    await server.call(['sources', 'remove', 'third-server']);
  });

  test('--all asks at a terminal before it reads, and continues after a full yes', async () => {
    const answered = await server.call(['verify', '--all'], 'no');
    expect(answered).toMatchObject({ code: 1, output: '' });
    expect(answered.messages).toMatch(/Read about 9\d\d\.\d KiB\? Type yes to continue: .*nothing was changed\n$/s);
    const done = await server.call(['verify', '--all', '--resource', 'vm-2'], 'yes');
    expect(done).toMatchObject({ code: 0, output: expect.stringContaining('1 of 1 chain verified') });
    expect(await server.call(['verify', '--all', '--resource', 'vm-2', '--yes'], 'no')).toMatchObject({ code: 0 });
  });

  test('--all exits 3 if an ancestor is damaged, and says which', async () => {
    const path = server.objectOf('vm-3-day-0');
    const bytes = await readFile(path);
    bytes[9] = (bytes[9] ?? 0) ^ 1;
    await writeFile(path, bytes);
    const ended = await server.call(['verify', '--all']);
    expect(ended.code).toBe(3);
    expect(ended.output).toMatch(/^failed {3}vm-3-day-1 {2}nightly of web server\n {2}.*vm-3-day-0/m);
    expect(ended.output).toContain('3 of 3 chains verified, 1 failed');
  });

  test.each([
    [['--all', 'vm-1-day-0'], 'leave out backup names'],
    [['--sample', '0%'], 'It must be a percentage above 0'],
    [['vm-1-day-0', '--source', 'x'], 'need --all or --sample'],
  ])('refuses %j', async (args, sentence) => {
    const ended = await server.call(['verify', ...args, '--json']);
    expect(ended).toMatchObject({ code: 1, messages: expect.stringContaining(sentence) });
  });
});

describe('a command that deletes asks at a terminal', () => {
  test('and does nothing without a full yes', async () => {
    const { calls } = server.client;
    await calls.createUser({ name: 'ada', password: 'a password of twelve' });
    await server.call(['sources', 'add', 'backups/vm-1', '--name', 'first']);
    for (const [args, question] of [
      [['backups', 'delete', 'plain-a'], 'Remove backup plain-a (plain of plain, taken '],
      [['sources', 'remove', 'first'], 'Remove source "first" (backups/vm-1)?'],
      [['users', 'remove', 'ada'], 'Remove user "ada" and all their roles, tokens and access keys?'],
      [['roles', 'revoke', 'admin', 'default'], 'Revoke the role of user "admin" in project default?'],
      [['buckets', 'revoke', 'backups', 'default'], 'Stop project default from using bucket backups?'],
      [['access-keys', 'disable', 'AKEXAMPLE'], 'Disable access key AKEXAMPLE permanently?'],
    ] as const) {
      const ended = await server.call(args, 'y');
      expect(ended).toMatchObject({ code: 1, output: '', messages: expect.stringContaining(question) });
      expect(ended.messages).toContain('nothing was changed');
    }
    expect((await calls.listUsers({})).users.map(({ name }) => name)).toEqual(['ada', 'admin']);
    expect(await shown('plain-a')).toBe('plain-a');
    expect(await server.call(['backups', 'delete', 'plain-a'], 'yes')).toMatchObject({ code: 0 });
    expect(await server.call(['users', 'remove', 'ada', '--yes'], 'no')).toMatchObject({ code: 0 });
    expect(await server.call(['sources', 'remove', 'first'])).toMatchObject({ code: 0 });
    expect((await calls.listSources({})).sources).toEqual([]);
    expect(await shown('plain-a')).toMatchObject({ code: 'BackupSync.1009' });
  });
});

import { chmod, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { examples, run, startServer, temporaryDirectory } from './testing.ts';
import { runInProcess } from './testing-in-process.ts';

const request = join(examples, 'sync-request.json');
const storage = `file:${join(examples, 'buckets')}`;
const header = 'backup_id,backup_name,bucket_name,image_path,resource_id,resource_name,created_at';

describe('sync', () => {
  test('--dry-run checks a file and shows what would be sent, without any configuration', async () => {
    const ended = await runInProcess(['sync', request, '--dry-run']);
    expect(ended).toMatchObject({ code: 0, messages: '' });
    expect(ended.output).toContain('5 items are valid; nothing was sent');
    expect(ended.output).toContain('4 in bucket volumebackups');
  });

  test('accepts CSV, and prints one operation log per line with --ndjson', async () => {
    await using home = await temporaryDirectory();
    const environment = { BACKUP_SYNC_DATA_DIR: join(home.path, 'data'), BACKUP_SYNC_STORAGE: storage };
    const items: Record<string, string>[] = JSON.parse(await readFile(request, 'utf8')).sync;
    const rows = items.map((item) =>
      header
        .split(',')
        .map((field) => item[field])
        .join(','),
    );
    const ended = await runInProcess(['sync', '-', '--ndjson'], { environment, input: [header, ...rows].join('\n') });
    expect(ended.code).toBe(3);
    const logs = ended.output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(logs.map(({ status }) => status).toSorted()).toEqual(['failed', 'success', 'success', 'success', 'success']);
    expect(ended.messages).toBe('');
  });

  test('sends the items of a pipe before an invalid line, and names that line', async () => {
    await using home = await temporaryDirectory();
    const environment = { BACKUP_SYNC_DATA_DIR: join(home.path, 'data'), BACKUP_SYNC_STORAGE: storage };
    const [first, second] = JSON.parse(await readFile(request, 'utf8')).sync;
    const input = `${JSON.stringify(first)}\n${JSON.stringify({ ...second, created_at: -1 })}\n`;
    const ended = await runInProcess(['sync', '-', '--json'], { environment, input });
    expect(ended.code).toBe(1);
    expect(JSON.parse(ended.messages).error.problems).toEqual([
      {
        place: 'line 2, created_at',
        message: 'must be whole seconds since 1970; a time before 1970 is not possible (the value is -1)',
      },
    ]);
    expect(JSON.parse(ended.output).operation_logs).toEqual(expect.any(Array));
  });
});

test('login saves a token that only its owner can read, and later commands use it', async () => {
  await using home = await temporaryDirectory();
  const password = 'a password of the test';
  await using server = await startServer(join(home.path, 'data'), storage, { BACKUP_SYNC_ADMIN_PASSWORD: password });
  const environment = { XDG_CONFIG_HOME: join(home.path, 'config') };
  const login = ['login', '--endpoint', server.endpoint];
  const refused = await runInProcess(login, { environment, input: 'a guess\n' });
  expect(refused).toMatchObject({ code: 4, output: '' });
  const ended = await runInProcess(login, { environment, input: `${password}\n` });
  expect(ended.code).toBe(0);
  const file = join(home.path, 'config', 'backup-sync', 'profiles.json');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const kept = await readFile(file, 'utf8');
  expect(kept).not.toContain(password);
  const { token } = JSON.parse(kept).profiles.default;
  expect(ended.output + ended.messages).not.toContain(token);

  expect((await runInProcess(['sync', request], { environment })).code).toBe(3);
  const all = await runInProcess(['backups', 'list', '--all', '--json'], { environment });
  expect(JSON.parse(all.output).backups).toHaveLength(5);
  const doctor = await runInProcess(['doctor'], { environment });
  expect(doctor.output).toMatch(/server +\S+ \(profile "default"\)/);
  expect(doctor.output).not.toContain(token);
  const { operations: logs } = JSON.parse(
    (await runInProcess(['operations', 'list', '--json'], { environment })).output,
  );
  const watched = await runInProcess(['operations', 'watch', logs[0].id, '--json'], { environment });
  expect(JSON.parse(watched.output).operation).toMatchObject({ id: logs[0].id, status: logs[0].status });
  await chmod(file, 0o644);
  expect((await runInProcess(['backups', 'list'], { environment })).messages).toContain('others can read it');
}, 60_000);

describe('a local catalogue', () => {
  test('is checked in one line, and doctor tries its buckets', async () => {
    await using home = await temporaryDirectory();
    const environment = { BACKUP_SYNC_DATA_DIR: join(home.path, 'data'), BACKUP_SYNC_STORAGE: storage };
    await runInProcess(['sources', 'add', 'volumebackups'], { environment });
    const empty = await runInProcess(['check', '--max-age', '26h'], { environment });
    expect(empty).toMatchObject({
      code: 2,
      output: expect.stringMatching(/^CRITICAL: no backup of any resource is recorded \| 'resources'=0 [^\n]*\n$/),
    });
    await runInProcess(['sync', request], { environment });
    const late = await runInProcess(['check', '--max-age', '1s'], { environment });
    expect(late.code).toBe(2);
    expect(late.output).toMatch(/^CRITICAL: 3 of 3 resources have no backup proved to linkage [^\n]*\n$/);
    const enough = ['check', '--max-age', '9999d', '--resource'];
    const items: { resource_name: string; resource_id: string }[] = JSON.parse(await readFile(request, 'utf8')).sync;
    const disk = items.find(({ resource_name }) => resource_name === 'database-disk')?.resource_id ?? '';
    expect(await runInProcess([...enough, disk], { environment })).toMatchObject({ code: 0 });
    const unknown = await runInProcess(['check', '--max-age', '1d', '--source', 'nightly'], { environment });
    expect(unknown).toMatchObject({ code: 3, output: 'UNKNOWN: there is no source "nightly" (BackupSync.1018)\n' });

    const doctor = JSON.parse(
      (await runInProcess(['doctor', 'volumebackups', 'nowhere', '--json'], { environment })).output,
    );
    expect(doctor.buckets).toMatchObject([
      { bucket_name: 'volumebackups', list: 'allowed', head: 'allowed', get: 'allowed', refusals: [] },
      { bucket_name: 'nowhere', list: 'refused', head: 'not_tried', get: 'not_tried' },
    ]);
    expect(doctor.missing).toEqual([
      expect.stringMatching(
        /^bucket nowhere: list failed: the bucket does not exist: .* \(BackupSync\.2002\)\. Check .*--storage/,
      ),
    ]);
    expect(JSON.stringify(doctor.policy)).toContain('s3:GetObject');
  }, 60_000);
});

test('colours are used on terminals, or if they are forced', async () => {
  const told = async (environment: Record<string, string>) =>
    (await run(['sync', 'no-such-file'], { environment })).messages;
  expect(await told({})).toMatch(/^error: /);
  expect(await told({ FORCE_COLOR: '1' })).toContain('\u001b[31merror:');
  expect(await told({ NO_COLOR: '1' })).toMatch(/^error: /);
});

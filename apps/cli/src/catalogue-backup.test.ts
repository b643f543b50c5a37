import { once } from 'node:events';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { examples, start, startServer, temporaryDirectory } from './testing.ts';
import { runInProcess } from './testing-in-process.ts';

const bucket = 'volumebackups';

/** Runs a command that must succeed, and returns what it prints as JSON. */
async function json(words: string, where: readonly string[], environment: Record<string, string> = {}) {
  const { code, output, messages } = await runInProcess([...words.split(' '), '--json', ...where], { environment });
  expect({ code, messages }, words).toEqual({ code: 0, messages: '' });
  return JSON.parse(output);
}

test('a backup of a running server is restored, and says what to check', async () => {
  await using home = await temporaryDirectory();
  const data = join(home.path, 'data');
  const restored = join(home.path, 'restored');
  const archive = join(home.path, 'catalogue.archive.gz');
  const storage = `file:${join(examples, 'buckets')}`;
  const of = (directory: string) => ['--data-dir', directory, '--storage', storage];
  await runInProcess(['sync', join(examples, 'sync-request.json'), ...of(data)]);
  await json('users create ada', of(data), { BACKUP_SYNC_NEW_PASSWORD: 'correct horse battery' });
  await json('roles grant ada operator default', of(data));
  const { access_key: created } = await json('access-keys create ada default', of(data));
  {
    await using _server = await startServer(data, storage);
    const backedUp = await runInProcess(['catalogue', 'backup', '--output', archive, '--data-dir', data]);
    expect(backedUp).toMatchObject({ code: 0, output: expect.stringMatching(/^backed up \d+ rows to /) });
    expect(backedUp.messages).toContain('does not contain the key that opens the secrets of 1 access key');
    expect(await json('catalogue check', ['--data-dir', data])).toMatchObject({ problems: [] });
    const refused = await runInProcess(['catalogue', 'restore', archive, '--data-dir', data]);
    expect(refused).toMatchObject({ code: 1, messages: expect.stringContaining('has a catalogue') });
  }
  const done = await runInProcess(['catalogue', 'restore', archive, '--data-dir', restored]);
  expect(done).toMatchObject({ code: 0, output: expect.stringMatching(/^restored \d+ rows to .*, as of 2\d{3}-/) });
  for (const said of [
    'All tokens have ended',
    'roles that were revoked since then are valid again',
    'file secret.key',
  ]) {
    expect(done.messages).toContain(said);
  }
  expect(await json('catalogue check', ['--data-dir', restored])).toMatchObject({ problems: [] });
  await cp(join(data, 'secret.key'), join(restored, 'secret.key'));
  expect(await json('backups list', ['--data-dir', restored])).toEqual(
    await json('backups list', ['--data-dir', data]),
  );
  const keys = await json('access-keys list', of(restored));
  expect(keys.access_keys).toMatchObject([{ access_key: created.access_key }]);
});

test('if everything is lost, a scan imports the backups into an empty catalogue', async () => {
  await using home = await temporaryDirectory();
  const of = (name: string) => ['--data-dir', join(home.path, name), '--storage', `file:${join(examples, 'buckets')}`];
  await runInProcess(['scan', bucket, '--sync', ...of('lost')]);
  const proved = async (name: string) => {
    const { backups } = await json('backups list', of(name));
    return backups.map(
      ({ id, status, backup_sync: { level } }: { id: string; status: string; backup_sync: { level: string } }) => [
        ...[id, status, level],
      ],
    );
  };
  const before = await proved('lost');
  await rm(join(home.path, 'lost'), { recursive: true });
  await runInProcess(['scan', bucket, '--sync', ...of('rebuilt')]);
  expect(await proved('rebuilt')).toEqual(before);
});

/** Makes a catalogue with the examples. */
function syncExamples(data: string) {
  const request = join(examples, 'sync-request.json');
  return runInProcess(['sync', request, '--data-dir', data, '--storage', `file:${join(examples, 'buckets')}`]);
}

test('catalogue check names what contradicts, and exits with 3', async () => {
  await using home = await temporaryDirectory();
  const data = join(home.path, 'data');
  await syncExamples(data);
  const sqlite = new DatabaseSync(join(data, 'catalogue.sqlite'));
  sqlite.exec("UPDATE backups SET last_operation_id = 'gone' WHERE backup_name = 'mail-disk-full'");
  sqlite.close();
  const { code, output, messages } = await runInProcess(['catalogue', 'check', '--data-dir', data]);
  expect({ code, output }).toEqual({
    code: 3,
    output: expect.stringMatching(/^The last operation of a record does not exist: backup [0-9a-f-]+\n$/),
  });
  expect(messages).toContain('has 1 problem. Keep a copy of it');
  expect(messages).toContain('The last operation of a record does not exist. Restore a backup from before the problem');
});

test('without a catalogue, each command says how to name one; they take no server', async () => {
  for (const words of ['backup --output f', 'restore f', 'check']) {
    const { code, messages } = await runInProcess(['catalogue', ...words.split(' ')]);
    expect({ code, messages }, words).toEqual({
      code: 1,
      messages: expect.stringContaining('--data-dir or BACKUP_SYNC_DATA_DIR'),
    });
    const elsewhere = await runInProcess(['catalogue', ...words.split(' '), '--endpoint', 'http://127.0.0.1:1']);
    expect(elsewhere).toMatchObject({ code: 1, messages: expect.stringContaining("'--endpoint") });
  }
});

/** Kills a command after this many milliseconds, unless it has ended by then. Returns whether it was killed. */
async function killAfter(args: readonly string[], milliseconds: number): Promise<boolean> {
  const child = start(args);
  const killing = setTimeout(() => child.kill('SIGKILL'), milliseconds);
  await once(child, 'close');
  clearTimeout(killing);
  return child.signalCode === 'SIGKILL';
}

test('a backup or restore that is killed at any moment leaves the whole of it or nothing', async () => {
  await using home = await temporaryDirectory();
  const data = join(home.path, 'data');
  const archive = join(home.path, 'catalogue.archive.gz');
  await syncExamples(data);
  const sqlite = new DatabaseSync(join(data, 'catalogue.sqlite'));
  sqlite.exec(`WITH RECURSIVE number(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM number WHERE value < 5000)
    INSERT INTO audit_events SELECT 'event-' || value, value, '', 'user', 'ada', 'syncBackups', 'rest', NULL, 'done', NULL, 'r'
    FROM number`);
  sqlite.close();
  await writeFile(archive, 'an older backup');
  const backup = ['catalogue', 'backup', '--replace', '--output', archive, '--data-dir', data];
  const startedMs = performance.now();
  await killAfter(backup.with(4, `${archive}.whole`), 60_000);
  const tookMs = performance.now() - startedMs;
  for (const share of [0.6, 0.85]) {
    await killAfter(backup, share * tookMs);
    const content = await readFile(archive);
    if (!content.equals(Buffer.from('an older backup'))) {
      expect(gunzipSync(content).toString()).toMatch(/\{"end_of_archive":true,.*\}\n$/);
    }
  }
  await runInProcess(backup);
  for (const share of [0.7, 0.95]) {
    const directory = join(home.path, `restored-${share}`);
    const restore = ['catalogue', 'restore', archive, '--data-dir', directory];
    const wasKilled = await killAfter(restore, share * tookMs);
    const { code, messages } = await runInProcess(['backups', 'list', '--data-dir', directory]);
    if (code !== 0) {
      expect(wasKilled).toBe(true);
      expect(messages).toMatch(/There is no catalogue in|catalogue restore" again/);
      expect(await runInProcess(restore)).toMatchObject({ code: 0 });
    }
    expect(await runInProcess(['catalogue', 'check', '--data-dir', directory])).toMatchObject({ code: 0 });
  }
});

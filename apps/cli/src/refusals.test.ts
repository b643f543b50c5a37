import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { examples, temporaryDirectory } from './testing.ts';
import { runInProcess } from './testing-in-process.ts';

const storage = `file:${join(examples, 'buckets')}`;

describe('an error is a sentence', () => {
  test('a server does not start with an administrator password that the API would refuse', async () => {
    await using home = await temporaryDirectory();
    const args = ['serve', '--data-dir', join(home.path, 'data'), '--storage', `file:${home.path}`];
    const ended = await runInProcess(args, { environment: { BACKUP_SYNC_ADMIN_PASSWORD: 'eleven-char' } });
    expect(ended).toEqual({
      code: 1,
      output: '',
      messages: 'error: BACKUP_SYNC_ADMIN_PASSWORD must have 12 to 1024 characters, has 11\n',
    });
    expect(await readdir(home.path)).toEqual([]);
  });

  test.each([
    [['sync', 'no-such-file.json', '--endpoint', 'http://127.0.0.1:9'], 1, 'the file no-such-file.json does not exist'],
    [['backups', 'list'], 1, 'or give a data directory with --data-dir'],
    [['backups', 'list', '--endpoint', 'http://127.0.0.1:9'], 4, 'set a valid token in BACKUP_SYNC_TOKEN'],
    [
      ['backups', 'list', '--endpoint', 'ftp://x', '--project', 'p'],
      1,
      '"ftp://x" is not an address like https://host:port (BackupSync.1001)\n',
    ],
    // Before it asks for a password.
    [['login', '--endpoint', 'foo'], 1, '--endpoint: "foo" is not an address'],
    [['token', '--endpoint', 'foo'], 1, '--endpoint: "foo" is not an address'],
    [['backups', 'list', '--endpoint', 'http://127.0.0.1:9', '--project', 'p'], 5, 'does not answer'],
    [['scan', 'bucket', '--data-dir', 'd', '--storage', 'ftp:x'], 1, 'file:<directory>'],
    [['backups', 'lst'], 1, 'Did you mean list?'],
    [['backups', 'list', '--colour'], 1, "unknown option '--colour'"],
    [['backups', 'list', '--limit', 'ten'], 1, 'whole number'],
    [['serve', '--listen', 'nowhere', '--data-dir', 'd', '--storage', 'file:d'], 1, '"nowhere" is not host:port'],
    [['serve', '--public-url', 'here', '--data-dir', 'd', '--storage', 'file:d'], 1, '"here" is not an http'],
    [['backups', 'list', '--endpoint', 'http://127.0.0.1:9', '--token', 't'], 1, "unknown option '--token'"],
    [['sync', 'items.csv', '--format', 'xml'], 1, 'Allowed choices are json, ndjson, csv'],
    [['bakups', 'list'], 1, 'Did you mean backups?'],
    [['backups', 'list', '--profile', 'work'], 1, 'there is no profile "work"'],
  ])('%j exits %i and says %s', async (args, code, sentence) => {
    await using home = await temporaryDirectory();
    const isRemote = args.includes('--project');
    const ended = await runInProcess(args, {
      environment: { XDG_CONFIG_HOME: home.path, ...(isRemote && { BACKUP_SYNC_TOKEN: 'a-token' }) },
    });
    expect(ended).toMatchObject({ code, output: '' });
    expect(ended.messages).toContain(sentence);
    expect(ended.messages).not.toMatch(/^\s+at /m);
  });

  test.each([[['backups', 'lst']], [['backups', 'list', '--limit', 'ten']], [['backups', 'show']], [['backups']]])(
    '%j with --json says so in JSON alone',
    async (args) => {
      const ended = await runInProcess([...args, '--json']);
      expect(ended).toMatchObject({ code: 1, output: '' });
      const { error } = JSON.parse(ended.messages);
      expect(error).toMatchObject({ code: 'UsageError', message: expect.stringMatching(/^(?!error)[^()]+/) });
    },
  );

  test('a file that is neither JSON nor NDJSON is refused with the line', async () => {
    await using home = await temporaryDirectory();
    const file = join(home.path, 'list.json');
    await writeFile(file, '{"backup_id":\n');
    const ended = await runInProcess(['sync', file, '--data-dir', home.path, '--storage', storage]);
    expect(ended.messages).toContain('list.json: not valid JSON: it ends too early');
  });
});

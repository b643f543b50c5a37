import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createMigratedDatabase } from '@backup-sync/engine/migrated-database';
import { expect, test } from 'vitest';
import { examples, temporaryDirectory } from './testing.ts';
import { runInProcess } from './testing-in-process.ts';

const storage = `file:${join(examples, 'buckets')}`;

test('catalogue move moves a data directory, says what nodes need, and other commands say where it is', async () => {
  await using home = await temporaryDirectory();
  await using target = await createMigratedDatabase();
  const { password, host, pathname } = new URL(target.url);
  const dataDirectory = join(home.path, 'data');
  const where = ['--data-dir', dataDirectory, '--storage', storage];
  await runInProcess(['sync', join(examples, 'sync-request.json'), ...where]);
  await runInProcess(['users', 'create', 'ada', ...where], {
    environment: { BACKUP_SYNC_NEW_PASSWORD: 'correct horse' },
  });
  await runInProcess(['roles', 'grant', 'ada', 'operator', 'default', ...where]);
  expect(await runInProcess(['access-keys', 'create', 'ada', 'default', ...where])).toMatchObject({ code: 0 });

  const environment = { BACKUP_SYNC_DATABASE_URL: target.url };
  const moved = await runInProcess(['catalogue', 'move', '--from', dataDirectory], { environment });
  expect(moved).toMatchObject({
    code: 0,
    output: expect.stringMatching(new RegExp(`^moved \\d+ rows in \\d+ tables to ${host}${pathname}\n$`)),
  });
  expect(moved.messages).toContain('loading the database\n');
  expect(moved.messages).toContain('The secrets of 1 access key stay encrypted. Every node needs the key');

  const refusals = await Promise.all([
    runInProcess(['backups', 'list', '--data-dir', dataDirectory]),
    runInProcess(['serve', '--listen', '127.0.0.1:0', ...where]),
  ]);
  for (const { code, messages } of refusals) {
    expect(code).toBe(1);
    expect(messages).toContain(`error: The catalogue in ${dataDirectory} was moved to PostgreSQL (${host}${pathname})`);
  }
  for (const { output, messages } of [moved, ...refusals]) expect(output + messages).not.toContain(password);
});

test('catalogue move --json prints the tables with their digests, and keeps the archive that was asked for', async () => {
  await using home = await temporaryDirectory();
  await using target = await createMigratedDatabase();
  const dataDirectory = join(home.path, 'data');
  await runInProcess(['sync', join(examples, 'sync-request.json'), '--data-dir', dataDirectory, '--storage', storage]);
  const archive = join(home.path, 'catalogue.gz');
  const args = ['catalogue', 'move', '--from', dataDirectory, '--archive', archive, '--json'];
  const environment = { BACKUP_SYNC_DATABASE_URL: target.url };
  await writeFile(archive, '');
  const refused = await runInProcess(args, { environment });
  expect(JSON.parse(refused.messages).error).toMatchObject({
    code: 'ArchiveError',
    message: `The archive ${archive} cannot be used: the file exists already. Remove it, or name another one.`,
  });
  const { code, output, messages } = await runInProcess(args.with(5, `${archive}.2`), { environment });
  expect({ code, messages }).toEqual({ code: 0, messages: '' });
  expect(JSON.parse(output)).toMatchObject({ from: dataDirectory, archive: `${archive}.2`, access_keys: 0 });
  const table = { table: 'backups', rows: expect.any(Number), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) };
  expect(JSON.parse(output).tables).toContainEqual(table);
});

test('catalogue move says which of its two places is missing or wrong', async () => {
  await using home = await temporaryDirectory();
  const none = join(home.path, 'none');
  const secret = 'postgres://ada:hush@127.0.0.1:1/none';
  const refusals = [
    [[], 'no data directory is given: name it with --from or BACKUP_SYNC_DATA_DIR'],
    [['--from', none], 'no database is given: name it with --to or BACKUP_SYNC_DATABASE_URL'],
    [['--from', none, '--to', secret], `There is no catalogue in ${none}`],
  ] as const;
  for (const [options, message] of refusals) {
    const { code, messages } = await runInProcess(['catalogue', 'move', ...options]);
    expect({ code, messages }).toEqual({ code: 1, messages: expect.stringContaining(message) });
    expect(messages).not.toContain('hush');
  }
});

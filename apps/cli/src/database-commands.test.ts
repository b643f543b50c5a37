import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createMigratedDatabase } from '@backup-sync/engine/migrated-database';
import { run as runStatement } from '@backup-sync/engine/test-database';
import { expect, test } from 'vitest';
import { examples } from './testing.ts';
import { runInProcess } from './testing-in-process.ts';

const storage = `file:${join(examples, 'buckets')}`;
const secretKey = Buffer.alloc(32, 1).toString('base64');

test('commands work on a database, and doctor and whoami say which, with its schema, queue and nodes', async () => {
  await using database = await createMigratedDatabase();
  const { password, host, pathname } = new URL(database.url);
  const environment = { BACKUP_SYNC_DATABASE_URL: database.url, BACKUP_SYNC_SECRET_KEY: secretKey };
  const synced = await runInProcess(['sync', join(examples, 'sync-request.json'), '--storage', storage], {
    environment,
  });
  const commands = [['whoami'], ['backups', 'list'], ['sources', 'list'], ['nodes', 'list'], ['doctor']];
  const answers = await Promise.all(commands.map((command) => runInProcess(command, { environment })));
  const [whoami, backups, , , doctor] = answers;
  expect(whoami?.output).toContain(`${host}${pathname} (BACKUP_SYNC_DATABASE_URL)`);
  expect(backups?.messages).toMatch(/^\d+ of \d+ backups/);
  expect(doctor?.output).toMatch(/^nodes +none runs$/m);
  expect(doctor?.output).toMatch(/^schema +\d+$/m);
  expect(doctor?.output).toMatch(/^queue +fits this release$/m);
  for (const { code } of answers) expect(code).toBe(0);

  await runStatement(database.url, 'drop index pgboss.job_common_i8');
  const drifted = await runInProcess(['doctor', '--json'], { environment });
  expect(drifted.code).toBe(1);
  expect(JSON.parse(drifted.output).missing[0]).toContain(
    'differs from the one that this release makes, in job_common_i8',
  );
  for (const { output, messages } of [synced, ...answers, drifted]) expect(output + messages).not.toContain(password);
});

test('a start that cannot use its database says why in one sentence, without credentials', async () => {
  await using database = await createMigratedDatabase();
  await using empty = await createMigratedDatabase(false);
  const server = createServer((socket) => void socket.destroy());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const at = (change: (url: URL) => void) => {
    const url = new URL(database.url);
    change(url);
    return url.href;
  };
  const port = typeof address === 'object' ? String(address?.port) : '';
  const starts = [
    [at((url) => (url.port = '1')), 'cannot be reached: connect ECONNREFUSED'],
    // What the system calls a connection that is closed depends on when it is.
    [at((url) => (url.port = port)), 'cannot be reached: '],
    [at((url) => (url.password = 'hunter2')), 'refuses the user or the password.'],
    [at((url) => (url.pathname = '/nowhere')), 'does not exist.'],
    [empty.url, 'has no queue. Create it with "backup-sync migrate".'],
  ] as const;
  for (const [url, problem] of starts) {
    const environment = { BACKUP_SYNC_DATABASE_URL: url, BACKUP_SYNC_SECRET_KEY: secretKey };
    for (const command of [['work'], ['serve', '--listen', '127.0.0.1:0', '--json']]) {
      const { code, output, messages } = await runInProcess([...command, '--storage', storage], { environment });
      expect({ code, output }).toEqual({ code: 1, output: '' });
      expect(messages.replaceAll('\\"', '"')).toContain(problem);
      expect(messages).not.toContain('unexpected:');
      expect(messages).not.toContain(new URL(url).password);
    }
  }
  server.close();
});

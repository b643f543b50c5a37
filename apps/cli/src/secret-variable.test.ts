import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readEnvironment } from './environment.ts';
import { readKeystone } from './keystone.ts';
import { examples, run, startServer, temporaryDirectory } from './testing.ts';

const storage = `file:${join(examples, 'buckets')}`;
const password = 'a password of the test';

test('the password of the administrator and the key of secrets can come from files', async () => {
  await using home = await temporaryDirectory();
  const dataDirectory = join(home.path, 'data');
  const files = {
    BACKUP_SYNC_ADMIN_PASSWORD_FILE: join(home.path, 'password'),
    BACKUP_SYNC_SECRET_KEY_FILE: join(home.path, 'key'),
  };
  const key = Buffer.alloc(32, 7).toString('base64');
  await writeFile(files.BACKUP_SYNC_ADMIN_PASSWORD_FILE, `${password}\n`);
  await writeFile(files.BACKUP_SYNC_SECRET_KEY_FILE, `${key}\n`);
  {
    await using server = await startServer(dataDirectory, storage, files);
    const environment = { XDG_CONFIG_HOME: home.path };
    expect(await run(['login', '--endpoint', server.endpoint], { environment, input: password })).toMatchObject({
      code: 0,
    });
    const made = await run(['access-keys', 'create', 'admin', 'default', '--json'], { environment });
    expect(made.code).toBe(0);
  }
  // The key in the variable decrypts what the key in the file encrypted.
  await using _again = await startServer(dataDirectory, storage, { BACKUP_SYNC_SECRET_KEY: key });
});

test('a missing or empty file, and a secret that is given twice, are named, and the secret is not shown', async () => {
  await using home = await temporaryDirectory();
  const serve = async (environment: Record<string, string>) => {
    const where = ['--data-dir', join(home.path, 'data'), '--storage', storage];
    const { code, output, messages } = await run(['serve', '--listen', '127.0.0.1:0', ...where], { environment });
    expect({ code, output }).toEqual({ code: 1, output: '' });
    return messages;
  };
  const empty = join(home.path, 'empty');
  await writeFile(empty, '\n');
  const missing = join(home.path, 'missing');
  expect(await serve({ BACKUP_SYNC_ADMIN_PASSWORD_FILE: missing })).toBe(
    `error: BACKUP_SYNC_ADMIN_PASSWORD_FILE names "${missing}", which cannot be read (ENOENT): name a readable file\n`,
  );
  expect(await serve({ BACKUP_SYNC_SECRET_KEY_FILE: empty })).toContain('which is empty');
  const both = await serve({ BACKUP_SYNC_ADMIN_PASSWORD: password, BACKUP_SYNC_ADMIN_PASSWORD_FILE: missing });
  expect(both).toContain('BACKUP_SYNC_ADMIN_PASSWORD and BACKUP_SYNC_ADMIN_PASSWORD_FILE are both set');
  expect(both).not.toContain(password);
});

test('the password for Keystone can come from a file', async () => {
  await using home = await temporaryDirectory();
  const path = join(home.path, 'password');
  await writeFile(path, `${password}\r\n`);
  const keystone = readKeystone(
    readEnvironment({
      BACKUP_SYNC_IDENTITY: 'keystone:https://keystone.example.com:5000',
      BACKUP_SYNC_KEYSTONE_USER: 'backup-sync',
      BACKUP_SYNC_KEYSTONE_PASSWORD_FILE: path,
      BACKUP_SYNC_KEYSTONE_PROJECT: 'service',
    }),
  );
  expect(keystone).toMatchObject({ password, proxies: null });
});

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run, temporaryDirectory } from './testing.ts';

const secrets = {
  BACKUP_SYNC_TOKEN: 'token-that-nobody-may-see',
  BACKUP_SYNC_SECRET_ACCESS_KEY: 'secret-of-an-access-key-that-nobody-may-see',
  BACKUP_SYNC_ADMIN_PASSWORD: 'password-that-nobody-may-see',
  BACKUP_SYNC_PASSWORD: 'another-password-that-nobody-may-see',
  BACKUP_SYNC_SECRET_KEY: Buffer.from('key-that-nobody-may-see-32-bytes').toString('base64'),
  AWS_SECRET_ACCESS_KEY: 'storage-key-that-nobody-may-see',
};
// A command comes in by a token or by a key: both are refused.
const environment = { ...secrets, BACKUP_SYNC_SECRET_ACCESS_KEY: '', AWS_ACCESS_KEY_ID: 'an-access-key' };
const byAccessKey = { ...secrets, BACKUP_SYNC_TOKEN: '', BACKUP_SYNC_ACCESS_KEY: 'AK' };

/** Nothing listens there. */
const nowhere = 'http://127.0.0.1:9';

test('secrets show in nothing that the command prints when it is refused, wrongly used, or finds no server', async () => {
  await using home = await temporaryDirectory();
  const local = ['--data-dir', join(home.path, 'data'), '--storage', `s3:${nowhere}`];
  const remote = ['--endpoint', nowhere, '--project', 'p'];
  const calls: readonly (readonly string[])[] = [
    ['backups', 'list', ...remote],
    ['backups', 'list', ...remote, '--token', secrets.BACKUP_SYNC_TOKEN],
    ['token', '--endpoint', nowhere],
    ['serve', ...local, '--listen', '0.0.0.0:0'],
    ['serve', ...local, '--tls-key', 'nothing.pem'],
    ['sync', 'no-such-file.json', ...local],
    ['sync', '-', ...local],
    ['no-such-command', secrets.BACKUP_SYNC_TOKEN.slice(0, 3)],
  ];
  const printed: string[] = [];
  for (const args of calls) {
    const { code, output, messages } = await run([...args, '--json'], { environment, input: '{"sync":[{}]}' });
    expect(code, args.join(' ')).not.toBe(0);
    printed.push(output, messages);
  }
  for (const args of [
    ['backups', 'list', ...remote],
    ['backups', 'list', ...remote, '--secret-key', secrets.BACKUP_SYNC_SECRET_ACCESS_KEY],
    ['login', '--endpoint', nowhere],
    ['token', '--project', 'p', '--data-dir', join(home.path, 'none')],
  ]) {
    const { code, output, messages } = await run([...args, '--json'], { environment: byAccessKey });
    expect(code, args.join(' ')).not.toBe(0);
    printed.push(output, messages);
  }
  const both = await run(['backups', 'list', ...remote], { environment: { ...byAccessKey, ...secrets } });
  expect(both.messages).toContain('are both set');
  printed.push(both.messages);
  const wrong = { ...environment, BACKUP_SYNC_REQUESTS_PER_SECOND: 'many', BACKUP_SYNC_TRUSTED_PROXIES: 'any' };
  const { messages } = await run(['backups', 'list', ...local], { environment: wrong });
  printed.push(messages);
  for (const secret of Object.values(secrets)) expect(printed.join('\n')).not.toContain(secret);
});

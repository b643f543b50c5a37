import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from './testing.ts';
import { runInProcess } from './testing-in-process.ts';

const secrets = {
  BACKUP_SYNC_TOKEN: 'token-that-nobody-may-see',
  BACKUP_SYNC_SECRET_ACCESS_KEY: 'secret-of-an-access-key-that-nobody-may-see',
  BACKUP_SYNC_ADMIN_PASSWORD: 'password-that-nobody-may-see',
  BACKUP_SYNC_PASSWORD: 'another-password-that-nobody-may-see',
  BACKUP_SYNC_SECRET_KEY: Buffer.from('key-that-nobody-may-see-32-bytes').toString('base64'),
  AWS_SECRET_ACCESS_KEY: 'storage-key-that-nobody-may-see',
};
// A command uses a token or an access key: both are refused.
const environment = { ...secrets, BACKUP_SYNC_SECRET_ACCESS_KEY: '', AWS_ACCESS_KEY_ID: 'an-access-key' };
const byAccessKey = { ...secrets, BACKUP_SYNC_TOKEN: '', BACKUP_SYNC_ACCESS_KEY: 'AK' };

/** Nothing listens there. */
const nowhere = 'http://127.0.0.1:9';

test('nothing that a command prints shows a secret, if it is refused, wrongly used, or finds no server', async () => {
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
    const { code, output, messages } = await runInProcess([...args, '--json'], { environment, input: '{"sync":[{}]}' });
    expect(code, args.join(' ')).not.toBe(0);
    printed.push(output, messages);
  }
  for (const args of [
    ['backups', 'list', ...remote],
    ['backups', 'list', ...remote, '--secret-key', secrets.BACKUP_SYNC_SECRET_ACCESS_KEY],
    ['login', '--endpoint', nowhere],
    ['token', '--project', 'p', '--data-dir', join(home.path, 'none')],
  ]) {
    const { code, output, messages } = await runInProcess([...args, '--json'], { environment: byAccessKey });
    expect(code, args.join(' ')).not.toBe(0);
    printed.push(output, messages);
  }
  const both = await runInProcess(['backups', 'list', ...remote], { environment: { ...byAccessKey, ...secrets } });
  expect(both.messages).toContain('are both set');
  printed.push(both.messages);
  const wrong = { ...environment, BACKUP_SYNC_REQUESTS_PER_SECOND: 'many', BACKUP_SYNC_TRUSTED_PROXIES: 'any' };
  const { messages } = await runInProcess(['backups', 'list', ...local], { environment: wrong });
  printed.push(messages);
  for (const secret of Object.values(secrets)) expect(printed.join('\n')).not.toContain(secret);
});

test('credentials in an address are refused, and shown nowhere', async () => {
  await using home = await temporaryDirectory();
  const local = ['--data-dir', join(home.path, 'data')];
  const named = { BACKUP_SYNC_TOKEN: 'a-token', BACKUP_SYNC_PROJECT: 'p', BACKUP_SYNC_PASSWORD: 'a-password' };
  const nobody = { XDG_CONFIG_HOME: home.path };
  for (const address of ['http://bob:hunter2@127.0.0.1:9', 'ftp://bob:hunter2@host', 'http://bob:hunter2/x@host']) {
    const server = ['--endpoint', address];
    for (const [args, environment] of [
      [['backups', 'list', ...server], named],
      [['backups', 'list', ...server], nobody],
      [['backups', 'list'], { ...named, BACKUP_SYNC_ENDPOINT: address }],
      [['token', ...server], named],
      [['login', ...server], { ...nobody, BACKUP_SYNC_PASSWORD: 'a-password' }],
      [['doctor', ...server], named],
      [['doctor', ...local, '--storage', `s3:${address}`], nobody],
      [['serve', ...local, '--storage', `s3:${address}`], nobody],
      [['serve', ...local, '--storage', `file:${home.path}`, '--public-url', address], nobody],
    ] as const) {
      const { code, output, messages } = await runInProcess(args, { environment });
      expect(code, [...args, messages].join(' ')).toBe(1);
      expect(`${output}${messages}`, args.join(' ')).not.toContain('hunter2');
    }
  }
});

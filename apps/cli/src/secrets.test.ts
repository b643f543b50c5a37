import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { generate } from 'selfsigned';
import { expect, test } from 'vitest';
import { run, start, temporaryDirectory } from './testing.ts';

const secrets = {
  BACKUP_SYNC_TOKEN: 'token-that-nobody-may-see',
  BACKUP_SYNC_ADMIN_PASSWORD: 'password-that-nobody-may-see',
  BACKUP_SYNC_PASSWORD: 'another-password-that-nobody-may-see',
  BACKUP_SYNC_SECRET_KEY: Buffer.from('key-that-nobody-may-see-32-bytes').toString('base64'),
  AWS_SECRET_ACCESS_KEY: 'storage-key-that-nobody-may-see',
};
const environment = { ...secrets, AWS_ACCESS_KEY_ID: 'an-access-key' };

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
  const wrong = { ...environment, BACKUP_SYNC_REQUESTS_PER_SECOND: 'many', BACKUP_SYNC_TRUSTED_PROXIES: 'any' };
  const { messages } = await run(['backups', 'list', ...local], { environment: wrong });
  printed.push(messages);
  for (const secret of Object.values(secrets)) expect(printed.join('\n')).not.toContain(secret);
});

test('secrets show in nothing that a server prints or leaves, through calls, faults and a crash', async () => {
  await using home = await temporaryDirectory();
  const certificate = await generate([{ name: 'commonName', value: 'backups.example' }]);
  const [certificateFile, keyFile] = [join(home.path, 'certificate.pem'), join(home.path, 'key.pem')];
  await Promise.all([writeFile(certificateFile, certificate.cert), writeFile(keyFile, certificate.private)]);
  const data = join(home.path, 'data');
  const server = start(
    [
      ...['serve', '--json', '--listen', '127.0.0.1:0', '--data-dir', data, '--storage', `s3:${nowhere}`],
      ...['--tls-certificate', certificateFile, '--tls-key', keyFile],
    ],
    {
      environment: {
        ...environment,
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent('process.once("SIGUSR2",()=>{throw new Error("a crash")})')}`,
      },
    },
  );
  const messages = text(server.stderr);
  const printed: string[] = [];
  for await (const piece of server.stdout) {
    printed.push(String(piece));
    if (printed.join('').includes('}')) break;
  }
  const { endpoint, project_id: projectId, token } = JSON.parse(await readFile(join(data, 'endpoint.json'), 'utf8'));
  const call = async (path: string, headers: Record<string, string>, body?: unknown) => {
    const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const answer = await fetch(endpoint + path, {
      headers: { 'Content-Type': 'application/json', ...headers },
      ...sent,
    });
    printed.push(JSON.stringify([...answer.headers]).replaceAll(token, ''), await answer.text());
  };
  const user = (password: string) => ({
    auth: {
      identity: { methods: ['password'], password: { user: { name: 'admin', password, domain: { name: 'Default' } } } },
    },
  });
  await call('/v3/auth/tokens', {}, user(secrets.BACKUP_SYNC_PASSWORD));
  await call('/v3/auth/tokens', {}, user(secrets.BACKUP_SYNC_ADMIN_PASSWORD));
  await call(`/v3/${projectId}/backups`, { 'X-Auth-Token': secrets.BACKUP_SYNC_TOKEN });
  await call(`/v3/${projectId}/backups/sync`, { 'X-Auth-Token': token }, { sync: [{}] });
  await call(`/v1/projects/${projectId}/scans`, { 'X-Auth-Token': token }, { bucket_name: 'b' });
  server.kill('SIGUSR2');
  await once(server, 'exit');
  expect(await messages).toContain('a crash');
  printed.push(await messages);

  // The file through which local commands reach the server holds a credential of its own, and no other.
  const kept = (await readdir(data)).filter((name) => name !== 'endpoint.json');
  const left = await Promise.all(kept.map((name) => readFile(join(data, name), 'latin1')));
  const key = certificate.private.split('\n')[3] ?? '';
  for (const secret of [...Object.values(secrets), key]) {
    expect(printed.join('\n')).not.toContain(secret);
    expect(left.join('\n')).not.toContain(secret);
  }
  expect(printed.join('\n')).not.toContain(token);
  expect(left.join('\n')).not.toContain(token);
});

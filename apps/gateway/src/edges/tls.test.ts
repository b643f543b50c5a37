import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endpointFile } from '@backup-sync/contracts';
import { generate } from 'selfsigned';
import { expect, test } from 'vitest';
import { listen } from '../listen.ts';
import { startTestGateway } from '../testing.ts';
import { defaultEdgeLimits } from './edge-limits.ts';

const plain = { port: 0, limits: defaultEdgeLimits, isTrustedProxy: () => false, newId: () => 'id', onFault: () => {} };

async function makeFiles() {
  const directory = await mkdtemp(join(tmpdir(), 'backup-sync-tls-'));
  const files = { certificate: join(directory, 'certificate.pem'), key: join(directory, 'key.pem') };
  return {
    files,
    /** Writes a new certificate and key. Returns the certificate. */
    async renew() {
      const made = await generate([{ name: 'commonName', value: 'backups.example' }]);
      await writeFile(files.certificate, made.cert);
      await writeFile(files.key, made.private);
      return made.cert;
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

/** Returns the status of `/healthz` if the server presents this certificate. */
async function askOver(endpoint: string, certificate: string): Promise<number | undefined> {
  const asking = request(`${endpoint}/healthz`, { ca: certificate, servername: 'backups.example', agent: false });
  const [response] = await once(asking.end(), 'response');
  response.resume();
  return response.statusCode;
}

test('HTTPS works, a renewed certificate is used, and after an invalid one the old stays in use', async () => {
  await using made = await makeFiles();
  const first = await made.renew();
  const logged: string[] = [];
  await using gateway = await startTestGateway({}, { tls: made.files, log: (event) => logged.push(event) });
  expect(gateway.endpoint).toMatch(/^https:/);
  expect(await askOver(gateway.endpoint, first)).toBe(200);

  const second = await made.renew();
  await gateway.renewCertificate();
  expect(logged).toEqual(['certificate.renewed']);
  expect(await askOver(gateway.endpoint, second)).toBe(200);
  await expect(askOver(gateway.endpoint, first)).rejects.toThrow();

  await writeFile(made.files.key, 'half a key');
  await gateway.renewCertificate();
  expect(gateway.faults).toMatchObject([{ name: 'ListenError' }]);
  expect(await askOver(gateway.endpoint, second)).toBe(200);
});

test('a server that runs can use another certificate, and stays with HTTPS and the old one if there is none', async () => {
  await using made = await makeFiles();
  await using other = await makeFiles();
  const [first, second] = await Promise.all([made.renew(), other.renew()]);
  await using gateway = await startTestGateway({}, { tls: made.files });
  await gateway.reconfigure({ tls: other.files });
  expect(await askOver(gateway.endpoint, second)).toBe(200);
  await expect(askOver(gateway.endpoint, first)).rejects.toThrow();
  await gateway.reconfigure({ tls: undefined });
  expect(await askOver(gateway.endpoint, second)).toBe(200);
  expect(gateway.faults).toEqual([]);
});

test('local commands reach a server with a certificate through its endpoint file', async () => {
  await using made = await makeFiles();
  await made.renew();
  await using gateway = await startTestGateway({}, { tls: made.files });
  const left = endpointFile.parse(JSON.parse(await readFile(join(gateway.dataDirectory, 'endpoint.json'), 'utf8')));
  expect(left.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:/);
  const answer = await fetch(`${left.endpoint}/v3/${left.project_id}/backups`, {
    headers: { 'X-Auth-Token': left.token },
  });
  expect(answer.status).toBe(200);
});

test('the server does not start with a key that is unreadable, invalid or for another certificate', async () => {
  await using made = await makeFiles();
  await using other = await makeFiles();
  await Promise.all([made.renew(), other.renew()]);
  const start = (tls: typeof made.files) => listen(() => {}, { ...plain, host: '127.0.0.1', tls });
  await expect(start({ ...made.files, key: `${made.files.key}.gone` })).rejects.toThrow('cannot be read (ENOENT)');
  await expect(start({ ...made.files, key: other.files.key })).rejects.toThrow('does not belong to the certificate');
  await expect(start({ ...made.files, certificate: made.files.key })).rejects.toThrow('is not a certificate in PEM');
  await chmod(other.files.key, 0o600);
  await writeFile(other.files.key, '-----BEGIN PRIVATE KEY-----\nsecret-words\n-----END PRIVATE KEY-----\n');
  const refusal = await start({ ...made.files, key: other.files.key }).catch((error: Error) => error);
  expect(String(refusal)).toContain('is not an unencrypted private key');
  expect(String(refusal)).not.toContain('secret-words');
});

test.each(['0.0.0.0', '::', '192.0.2.1', 'backups.example'])(
  'plain HTTP at %s needs the option for a TLS proxy',
  async (host) => {
    await expect(listen(() => {}, { ...plain, host })).rejects.toThrow('--behind-tls-proxy');
  },
);

test('plain HTTP beyond loopback works with the option for a TLS proxy', async () => {
  await using listening = await listen(() => {}, { ...plain, host: '0.0.0.0', behindTlsProxy: true });
  expect(listening.endpoint).toMatch(/^http:\/\/0\.0\.0\.0:\d+$/);
});

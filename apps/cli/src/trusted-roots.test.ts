import { execFileSync } from 'node:child_process';
import { createHash, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readEnvironment } from './environment.ts';
import { readNetwork } from './network.ts';
import { readTrustedRoots } from './read-certificates.ts';
import { examples, startServing, temporaryDirectory } from './testing.ts';
import { makeCertificate } from './testing-certificate.ts';
import { runInProcess } from './testing-in-process.ts';

const [signer, other] = await Promise.all([makeCertificate('signer.example'), makeCertificate('other.example')]);

/** Stores a signed package without disks in the bucket `exports`, at a time when it is not being written any more. */
async function storePackage(buckets: string): Promise<void> {
  const folder = join(buckets, 'exports', 'web');
  await mkdir(folder, { recursive: true });
  const descriptor =
    '<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"><References/><VirtualSystem><Name>web</Name></VirtualSystem></Envelope>';
  const manifest = `SHA256(web.ovf)= ${createHash('sha256').update(descriptor).digest('hex')}\n`;
  const signature = sign('sha256', Buffer.from(manifest), signer.key).toString('hex');
  const files = {
    'web.ovf': descriptor,
    'web.mf': manifest,
    'web.cert': `SHA256(web.mf)= ${signature}\n${signer.cert}\n`,
  };
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(folder, name), content);
    await utimes(join(folder, name), 1_700_000_000, 1_700_000_000);
  }
}

test('a server says which roots vouch for signers, also after they change, and keeps them if the new ones are broken', async () => {
  await using home = await temporaryDirectory();
  const at = (name: string) => join(home.path, name);
  const [buckets, roots, config] = [at('buckets'), at('roots.pem'), at('config.yaml')];
  await storePackage(buckets);
  await writeFile(
    config,
    'catalogue: {data_directory: data}\nstorage: {unit: "file:buckets"}\nsignatures: {trusted_roots_file: roots.pem}\n',
  );
  await writeFile(roots, other.cert);
  await using server = await startServing(['--log-format', 'json', '--config', config], {});
  const entries: { readonly event: string; readonly msg: string }[] = [];
  server.process.stderr.on('data', (chunk) => {
    for (const line of String(chunk).split('\n').filter(Boolean)) entries.push(JSON.parse(line));
  });
  const hangUp = async (event: string) => {
    const before = entries.length;
    server.process.kill('SIGHUP');
    while (!entries.slice(before).some((entry) => entry.event === event)) await once(server.process.stderr, 'data');
    return entries
      .slice(before)
      .find((entry) => entry.event === event)
      ?.msg.replaceAll(home.path, '~');
  };
  let known = new Set<string>();
  const local = ['--data-dir', at('data'), '--storage', `file:${buckets}`];
  /** Scans the bucket, and returns what the imports said that the scan has started. */
  const scan = async () => {
    expect(await runInProcess(['scan', 'exports', '--sync', ...local])).toMatchObject({ code: 0 });
    const listed = await runInProcess(['operations', 'list', '--kind', 'import', '--json', ...local]);
    const { operations } = JSON.parse(listed.output) as { operations: { id: string; message: string }[] };
    const fresh = operations.filter(({ id }) => !known.has(id));
    known = new Set(operations.map(({ id }) => id));
    return fresh.map(({ message }) => message);
  };

  const none = 'signed by "CN=signer.example", whose certificate leads to none of the trusted roots';
  const trusted = 'signed by "CN=signer.example", whose certificate is a trusted root';
  expect(await scan()).toEqual([expect.stringContaining(none)]);
  expect(await scan()).toEqual([]);

  await writeFile(roots, `${other.cert}\n${signer.cert}`);
  expect(await hangUp('config.reloaded')).toBe(
    'Read the configuration ~/config.yaml and the trusted roots again. No setting has changed.',
  );
  expect(await scan()).toEqual([expect.stringContaining(trusted)]);

  await writeFile(roots, 'nothing');
  expect(await hangUp('config.problem')).toBe(
    '~/config.yaml:3:14: signatures.trusted_roots_file names "~/roots.pem", which has no certificate in PEM form: name a PEM file',
  );
  expect(await scan()).toEqual([]);
});

test('other things in PEM form next to the certificates are left out', async () => {
  await using home = await temporaryDirectory();
  const path = join(home.path, 'roots.pem');
  await writeFile(path, `${other.key}\nsubject=CN=other.example\n${other.cert}\n${signer.cert}`);
  expect(readTrustedRoots(readEnvironment({ BACKUP_SYNC_TRUSTED_ROOTS: path }))?.certificates).toHaveLength(2);
});

describe('trusted roots that cannot be used are refused, with the reason', () => {
  const linesOfOther = other.cert.split('\n').length;
  const broken = signer.cert.replace(/\n[^-\n]{10}/, '\nAAAAAAAAAA');
  test.each([
    ['a file that is not there', 'absent.pem', null, 'which cannot be read (ENOENT): name a readable PEM file'],
    ['a directory', '.', null, 'which is not a regular file: name a readable PEM file'],
    ['an empty file', 'roots.pem', '', 'which has no certificate in PEM form: name a PEM file'],
    ['a key', 'roots.pem', signer.key, 'which has no certificate in PEM form: name a PEM file'],
    [
      'a broken certificate',
      'roots.pem',
      `${other.cert}\n${broken}`,
      'but certificate 2 of 2 cannot be read: leave only root certificates in it',
    ],
    [
      'a certificate that was cut',
      'roots.pem',
      `${other.cert}\n${signer.cert.slice(0, 400)}`,
      `whose certificate at line ${linesOfOther + 1} is not whole: copy all of it, from BEGIN CERTIFICATE to END CERTIFICATE`,
    ],
    [
      'a file that ends where a certificate begins',
      'roots.pem',
      `${other.cert}\n-----BEGIN CERTIF`,
      `whose certificate at line ${linesOfOther + 1} is not whole: copy all of it, from BEGIN CERTIFICATE to END CERTIFICATE`,
    ],
    [
      'a certificate that begins within another',
      'roots.pem',
      `${other.cert.slice(0, 400)}\n${signer.cert}`,
      'whose certificate at line 1 is not whole: copy all of it, from BEGIN CERTIFICATE to END CERTIFICATE',
    ],
    [
      'a certificate of another kind',
      'roots.pem',
      `${other.cert}\n${signer.cert.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE')}`,
      `which has a TRUSTED CERTIFICATE at line ${linesOfOther + 1}: convert it with "openssl x509", or remove it`,
    ],
    [
      'a huge file',
      'roots.pem',
      `${other.cert}\n${' '.repeat(16 * 1024 * 1024)}`,
      'which is larger than 16.0 MiB: leave only certificates in it',
    ],
    [
      'too many certificates',
      'roots.pem',
      `${signer.cert}\n`.repeat(1001),
      'but it has 1001 certificates, more than 1000: leave only root certificates in it',
    ],
  ])('%s', async (_, name, content, problem) => {
    await using home = await temporaryDirectory();
    const path = join(home.path, name);
    if (content !== null) await writeFile(path, content);
    const variables = { BACKUP_SYNC_TRUSTED_ROOTS: path };
    expect(() => readTrustedRoots(readEnvironment(variables))).toThrow(
      `BACKUP_SYNC_TRUSTED_ROOTS names ${JSON.stringify(path)}, ${problem}`,
    );
  });

  test('a pipe, without waiting for somebody to write to it', async () => {
    await using home = await temporaryDirectory();
    const path = join(home.path, 'pipe');
    execFileSync('mkfifo', [path]);
    expect(() => readTrustedRoots(readEnvironment({ BACKUP_SYNC_TRUSTED_ROOTS: path }))).toThrow(
      `BACKUP_SYNC_TRUSTED_ROOTS names ${JSON.stringify(path)}, which is not a regular file: name a readable PEM file`,
    );
  });

  test('as are the authorities of a storage service', async () => {
    await using home = await temporaryDirectory();
    const path = join(home.path, 'ca.pem');
    await writeFile(path, `${other.cert}\n${signer.cert.slice(0, 400)}`);
    expect(() => readNetwork(readEnvironment({ AWS_CA_BUNDLE: path }))).toThrow(
      `AWS_CA_BUNDLE names ${JSON.stringify(path)}, whose certificate at line ${linesOfOther + 1} is not whole`,
    );
  });

  test('by commands without a server as well', async () => {
    await using home = await temporaryDirectory();
    const environment = {
      BACKUP_SYNC_DATA_DIR: join(home.path, 'data'),
      BACKUP_SYNC_STORAGE: `file:${join(examples, 'buckets')}`,
      BACKUP_SYNC_TRUSTED_ROOTS: join(home.path, 'roots.pem'),
    };
    const { code, messages } = await runInProcess(['scan', 'volumebackups'], { environment });
    expect(code).toBe(1);
    expect(messages).toContain('BACKUP_SYNC_TRUSTED_ROOTS names');
  });
});

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { builtCommand, repositoryRoot, temporaryDirectory } from '../../apps/cli/src/testing.ts';
import { makeCertificate } from '../../apps/cli/src/testing-certificate.ts';
import { serverConfiguration } from '../../packages/contracts/src/server-configuration.ts';
import { units } from '../../tools/release/installed-tree.ts';

const packaging = join(repositoryRoot, 'packaging');
const hasSystemd = spawnSync('systemd-analyze', ['--version']).error === undefined;

/** Highest exposure that `systemd-analyze security` may find, in tenths. Without any protection it is 96. */
const exposureMax = 18;

test.skipIf(!hasSystemd).each(units)('systemd accepts %s, and finds it well protected', async (unit) => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, unit);
  const text = readFileSync(join(packaging, 'systemd', unit), 'utf8');
  // The command is not installed here.
  await writeFile(file, text.replace('ExecStart=/usr/bin/backup-sync ', `ExecStart=${process.execPath} `));
  // A setting that systemd does not know is only a warning.
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' });
  expect(stderr.split('\n').filter((line) => line.includes(unit))).toEqual([]);
  expect(status).toBe(0);
  const options = ['security', '--offline=true', `--threshold=${exposureMax}`, '--no-pager', file];
  const { status: isExposed, stdout } = spawnSync('systemd-analyze', options, { encoding: 'utf8' });
  expect(isExposed, stdout).toBe(0);
});

test('the settings that the packages install are valid, also if everything in them is used', () => {
  const shipped = readFileSync(join(packaging, 'config.yaml'), 'utf8');
  const used = shipped.replaceAll(/^#(?= *[a-z_]+:)/gm, '');
  expect(serverConfiguration.parse(parse(shipped))).toEqual({ catalogue: { data_directory: '/var/lib/backup-sync' } });
  expect(Object.keys(serverConfiguration.parse(parse(used)))).toEqual(['catalogue', 'storage', 'server']);
});

test('the scripts of the Debian package are valid, and stop at the first failure', () => {
  const scripts = ['debian/postinst', 'debian/prerm', 'debian/postrm', 'launcher.sh'];
  for (const script of scripts) {
    const { stderr } = spawnSync('sh', ['-n', join(packaging, script)], { encoding: 'utf8' });
    expect(stderr, script).toBe('');
  }
  for (const script of readdirSync(join(packaging, 'debian')).filter((name) => name !== 'copyright')) {
    expect(readFileSync(join(packaging, 'debian', script), 'utf8'), script).toMatch(/^#!\/bin\/sh\n#.*\nset -e\n/);
  }
});

/** Runs scripts of the Debian package one after another where both services run, and returns what they ask of systemd. */
async function runScripts(calls: readonly string[]) {
  await using directory = await temporaryDirectory();
  const run = join(directory.path, 'run');
  const asked = join(directory.path, 'asked');
  await mkdir(join(run, 'systemd', 'system'), { recursive: true });
  await writeFile(join(directory.path, 'systemctl'), `#!/bin/sh\necho "$@" >>'${asked}'\n`, { mode: 0o755 });
  for (const call of calls) {
    const [script = '', ...args] = call.split(' ');
    const text = readFileSync(join(packaging, 'debian', script), 'utf8').replaceAll('/run/', `${run}/`);
    const env = { PATH: `${directory.path}:${process.env.PATH}`, DPKG_ROOT: '' };
    const { status, stderr } = spawnSync('sh', ['-c', text, script, ...args], { env, encoding: 'utf8' });
    expect({ call, status, stderr }).toEqual({ call, status: 0, stderr: '' });
  }
  return { asked: readFileSync(asked, 'utf8').split('\n'), left: readdirSync(run) };
}

const services = ['backup-sync.service', 'backup-sync-worker.service'];

test.each([
  ['an upgrade', 'prerm upgrade 0.2.0', 'postinst abort-upgrade 0.2.0'],
  ['a removal', 'prerm remove', 'postinst abort-remove'],
  [
    'the configuration of another package',
    'prerm deconfigure in-favour other 1.0',
    'postinst abort-deconfigure in-favour other 1.0',
  ],
])('the services run again after %s failed, as enabled as before', async (_, stop, abort) => {
  const { asked, left } = await runScripts([stop, abort]);
  const asksFor = (verb: string) =>
    services.filter((service) => asked.some((line) => line.endsWith(`${verb} ${service}`)));
  expect(asksFor('stop')).toEqual(services);
  const isStarted = (service: string) => asked.lastIndexOf(`start ${service}`) > asked.lastIndexOf(`stop ${service}`);
  expect(services.filter(isStarted)).toEqual(services);
  expect(asksFor('enable')).toEqual(asksFor('disable'));
  expect(left).toEqual(['systemd']);
});

test('a removal stops and disables the services, and remembers nothing of them', async () => {
  const { asked, left } = await runScripts(['prerm remove', 'postrm remove']);
  for (const service of services)
    expect(asked).toEqual(expect.arrayContaining([`stop ${service}`, `--quiet disable ${service}`]));
  expect(asked.join('\n')).not.toMatch(/\bstart /);
  expect(left).toEqual(['systemd']);
});

/** The instructions of the Containerfile in order: their name and what follows it, in one line. */
function containerInstructions(): readonly (readonly [name: string, rest: string])[] {
  const text = readFileSync(join(packaging, 'container', 'Containerfile'), 'utf8');
  const lines = text.replaceAll(/^#.*\n/gm, '').replaceAll(/\\\n\s*/g, '');
  return Array.from(lines.matchAll(/^([A-Z]+) (.+)$/gm), ([, name = '', rest = '']) => [name, rest] as const);
}

test('the image follows the rules for images: fixed base, no root, programs without a shell, a health check', () => {
  const instructions = containerInstructions();
  const all = (wanted: string) => instructions.flatMap(([name, rest]) => (name === wanted ? [rest] : []));
  for (const base of all('FROM')) expect(base).toMatch(/^[\w./-]+:(?!latest)[\w.-]+( AS \w+)?$/);
  const last = instructions.slice(instructions.findLastIndex(([name]) => name === 'FROM'));
  // A number, because Kubernetes cannot check a name. Nothing runs in the image that is shipped before it is set.
  expect(last.filter(([name]) => name === 'USER').map(([, user]) => user)).toEqual(['10001:10001']);
  expect(last.map(([name]) => name)).not.toContain('RUN');
  for (const run of [...all('ENTRYPOINT'), ...all('CMD')]) expect(JSON.parse(run)).toEqual(expect.any(Array));
  expect(all('HEALTHCHECK')).toEqual([
    expect.stringMatching(/^--interval=\S+ --timeout=\S+ --start-period=\S+ CMD \[/),
  ]);
  for (const directory of all('WORKDIR')) expect(directory).toMatch(/^\//);
  // ADD is for archives only: it also downloads.
  for (const added of all('ADD')) expect(added).toMatch(/\.tar\.gz \//);
  expect(all('ENV').join(' ')).not.toMatch(/PASSWORD|SECRET|TOKEN|KEY/);
  for (const single of ['ENTRYPOINT', 'CMD', 'HEALTHCHECK']) expect(all(single), single).toHaveLength(1);
});

/** Runs the health check of the image with the built command and this configuration file, and returns how it ends. */
async function checkHealth(configuration: string, variables: Readonly<Record<string, string>> = {}): Promise<unknown> {
  await using directory = await temporaryDirectory();
  const program = `#!/bin/sh\nexec ${builtCommand.map((word) => `'${word}'`).join(' ')} "$@"\n`;
  await writeFile(join(directory.path, 'backup-sync'), program, { mode: 0o755 });
  const file = join(directory.path, 'config.yaml');
  await writeFile(file, configuration);
  const path = `${directory.path}:${process.env.PATH}`;
  const env = { ...process.env, PATH: path, BACKUP_SYNC_CONFIG: file, ...variables };
  const child = spawn(process.execPath, [join(packaging, 'container', 'health-check.mjs')], { env });
  const [code] = await once(child, 'close');
  return code;
}

test('the health check of the image fails unless the server answers 200', async () => {
  let status = 200;
  const server = createServer((_request, response) => response.writeHead(status).end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const variables = { BACKUP_SYNC_LISTEN: `127.0.0.1:${port}` };
  expect(await checkHealth('server: {listen: "127.0.0.1:1"}\n', variables)).toBe(0);
  status = 503;
  expect(await checkHealth(`server: {listen: "127.0.0.1:${port}"}\n`)).toBe(1);
  server.close();
  await once(server, 'close');
  expect(await checkHealth(`server: {listen: "127.0.0.1:${port}"}\n`)).toBe(1);
});

test('the health check of the image finds the address and the certificate in the configuration file', async () => {
  const certificate = await makeCertificate('backups.example');
  const server = createTlsServer(certificate, (_request, response) => response.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const tls = '{certificate_file: /tls/certificate.pem, key_file: /tls/key.pem}';
  expect(await checkHealth(`server: {listen: "127.0.0.1:${port}", tls: ${tls}}\n`)).toBe(0);
  server.close();
});

test('the image has a configuration file that another one replaces, and no variables that would win over it', () => {
  const instructions = containerInstructions();
  const variables = instructions.filter(([name]) => name === 'ENV').map(([, rest]) => rest);
  expect(variables).toEqual(['BACKUP_SYNC_CONFIG=/etc/backup-sync/config.yaml XDG_CACHE_HOME=/tmp']);
  const written = instructions.flatMap(([, rest]) => /printf '(.*)' >\S*config.yaml/.exec(rest)?.[1] ?? [])[0] ?? '';
  expect(serverConfiguration.parse(parse(written.replaceAll('\\n', '\n')))).toEqual({
    catalogue: { data_directory: '/var/lib/backup-sync' },
    server: { listen: '0.0.0.0:8787' },
  });
});

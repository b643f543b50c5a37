import { execFile, spawnSync } from 'node:child_process';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { repositoryRoot, temporaryDirectory } from '../../apps/cli/src/testing.ts';
import { describeRelease } from '../../tools/release/release.ts';
import { releaseFiles } from '../../tools/release/release-files.ts';
import { sizeLimit } from '../../tools/release/size-limit.ts';
import { dpkg, hasDpkg, installDebianPackage } from './install-debian-package.ts';
import { runMainJob } from './main-job.ts';
import { openPlainRoot } from './plain-root.ts';

const run = promisify(execFile);
const release = describeRelease(process.env);
const options = { maintainer: 'Maintainers <maintainers@example.com>', gzipLevel: 9 };

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let files: ReadonlyMap<string, Buffer>;
let packages: readonly string[];
beforeAll(async () => {
  directory = await temporaryDirectory();
  files = await releaseFiles(release, options);
  for (const [name, content] of files) await writeFile(join(directory.path, name), content);
  packages = [...files.keys()].filter((name) => name.endsWith('.tgz'));
});
afterAll(() => directory[Symbol.asyncDispose]());

/** Runs a program of the development dependencies, and returns what it says if it fails. */
async function complaint(program: string, ...args: readonly string[]): Promise<string> {
  const ended = await run(join(repositoryRoot, 'node_modules', '.bin', program), args, { cwd: directory.path }).catch(
    (error) => error,
  );
  return ended.code === undefined ? '' : `${ended.stdout}${ended.stderr}`;
}

test('the same sources give the same bytes', async () => {
  const again = await releaseFiles(release, options);
  expect(again.get('SHA256SUMS')?.toString()).toBe(files.get('SHA256SUMS')?.toString());
});

test('the checksums are those of the files, and no file is larger than its limit', async () => {
  const { stdout } = await run('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: directory.path });
  expect(stdout.trim().split('\n')).toHaveLength(files.size - 1);
  const tooLarge = [...files].filter(([name, { length }]) => length > (sizeLimit(name) ?? Number.POSITIVE_INFINITY));
  expect(tooLarge.map(([name, { length }]) => `${name}: ${length} bytes`)).toEqual([]);
});

test('publint and attw find nothing wrong with the npm packages', async () => {
  expect(packages).toHaveLength(6);
  for (const name of packages) {
    expect(await complaint('publint', 'run', name, '--strict'), name).toBe('');
    expect(await complaint('attw', name, '--profile', 'esm-only'), name).toBe('');
  }
});

test('npm installs all packages into an empty folder, and every entry of each can be imported', async () => {
  const folder = join(directory.path, 'libraries');
  await mkdir(folder);
  const tarballs = packages.map((name) => join(directory.path, name));
  await run('npm', ['install', '--no-audit', '--no-fund', ...tarballs], { cwd: folder });
  for (const name of ['contracts', 'core', 'trpc', 'engine', 'gateway']) {
    const manifest = join(folder, 'node_modules', '@backup-sync', name, 'package.json');
    const { exports, license } = JSON.parse(await readFile(manifest, 'utf8'));
    expect(license).toBe('Apache-2.0');
    const entries = Object.keys(exports).filter((entry) => entry !== './package.json');
    const imports = entries.map((entry) => `await import('@backup-sync/${name}${entry.slice(1)}');`).join('\n');
    await writeFile(join(folder, 'main.mjs'), imports);
    const { stderr } = await run(process.execPath, ['main.mjs'], { cwd: folder });
    expect(stderr, name).toBe('');
  }
  // The gateway has the files that it serves in it. The package that Swagger UI depends on reports installations.
  const served = join(folder, 'node_modules', '@backup-sync', 'gateway', 'node_modules');
  await access(join(served, '@backup-sync', 'console', 'dist', 'index.html'));
  await access(join(served, 'swagger-ui-dist', 'swagger-ui.css'));
  await expect(access(join(folder, 'node_modules', '@scarf'))).rejects.toThrow('ENOENT');
});

test('npm installs the command for the whole machine from its tarball alone', async () => {
  const prefix = join(directory.path, 'prefix');
  const tarball = packages.find((name) => name.startsWith('backup-sync-cli-')) ?? '';
  const npm = ['install', '--global', '--offline', '--no-audit', '--no-fund', '--prefix', prefix];
  await run('npm', [...npm, join(directory.path, tarball)]);
  const { stdout } = await run(join(prefix, 'bin', 'backup-sync'), ['--version']);
  expect(stdout).toBe(`${release.version}\n`);
});

test('the tarball for Linux runs where it is unpacked, also through a link', async () => {
  const folder = join(directory.path, 'unpacked');
  await mkdir(folder);
  const name = `backup-sync-${release.version}-linux-x64`;
  await run('tar', ['-xzf', join(directory.path, `${name}.tar.gz`), '-C', folder]);
  const link = join(folder, 'backup-sync');
  await run('ln', ['-s', `${name}/bin/backup-sync`, link]);
  const { synced } = await runMainJob([link], folder, ['/usr/bin', '/bin']);
  expect(synced).toContain('object_missing');
  // Nothing tells where it was made.
  const { code } = await run('grep', ['-rlF', repositoryRoot, join(folder, name)]).catch((error) => error);
  expect(code).toBe(1);
});

const hasMan = spawnSync('man', ['--version']).error === undefined;
test.skipIf(!hasMan)('man shows the manual page without a warning', async () => {
  const page = join(
    directory.path,
    'unpacked',
    `backup-sync-${release.version}-linux-x64/share/man/man1/backup-sync.1`,
  );
  const { stdout, stderr } = await run('man', ['--warnings', '--encoding=UTF-8', '--local-file', page], {
    env: { ...process.env, LC_ALL: 'C.UTF-8', MANWIDTH: '80' },
    maxBuffer: 2 ** 26,
  });
  expect(stderr).toBe('');
  expect(stdout).toContain('sources add');
});

test.skipIf(!hasDpkg)(
  'installing the Debian package again keeps the settings, the secrets and the catalogue',
  async () => {
    const name = [...files.keys()].find((each) => each.endsWith('.deb')) ?? '';
    const installed = join(directory.path, 'installed');
    await installDebianPackage(join(directory.path, name), installed);
    const own = [
      'etc/backup-sync/config.yaml',
      'etc/backup-sync/secrets/password',
      'var/lib/backup-sync/catalogue.sqlite',
    ];
    for (const file of own) await writeFile(join(installed, file), 'mine');
    await dpkg(installed, '--install', join(directory.path, name));
    for (const file of own) expect(await readFile(join(installed, file), 'utf8'), file).toBe('mine');
  },
);

/** Whether this process may leave its network and change its root. */
const canLeave = spawnSync('unshare', ['--net', 'chroot', '/', 'true']).status === 0;

test.skipIf(!canLeave)('the Debian package needs only the C and C++ libraries, no network and no rights', async () => {
  const name = [...files.keys()].find((each) => each.endsWith('.deb')) ?? '';
  await using plain = await openPlainRoot((root) => installDebianPackage(join(directory.path, name), root));
  const options = '--data-dir /data/catalogue --storage file:/examples/buckets';
  expect(await plain.run('backup-sync --version')).toBe(`${release.version}\n`);
  const synced = await plain.run(`backup-sync sync /examples/sync-request.json ${options}`);
  expect(synced).toMatch(/database-disk-day-2 .* created/);
  expect(synced).toMatch(/mail-disk-full .* failed: object_missing/);
  const checked = await plain.run(`backup-sync check --resource database-disk --max-age 99999d ${options}`);
  expect(checked).toMatch(/^OK: 1 resource/);
});

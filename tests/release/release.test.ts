import { execFile } from 'node:child_process';
import { access, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporaryDirectory } from '../../apps/cli/src/testing.ts';
import { type BundledCommand, bundleCommand } from '../../tools/release/bundle-command.ts';
import { debianPackage } from '../../tools/release/debian-package.ts';
import { installedTree, platform } from '../../tools/release/installed-tree.ts';
import { packNpmPackages } from '../../tools/release/npm-packages.ts';
import { changelogEntry, type Release } from '../../tools/release/release.ts';
import { sizeLimit } from '../../tools/release/size-limit.ts';
import { dpkg, hasDpkg, installDebianPackage } from './install-debian-package.ts';
import { runMainJob } from './main-job.ts';

const run = promisify(execFile);
const release: Release = { version: '0.1.0', commit: 'c0ffee', epochSeconds: 1_800_000_000 };
/** Installing takes seconds, and longer if other tests run at the same time. */
const timeoutMs = 180_000;
const isOfLinux = process.platform === platform.os && process.arch === platform.nodeArchitecture;

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let command: BundledCommand;
let packages: ReadonlyMap<string, Buffer>;
beforeAll(async () => {
  directory = await temporaryDirectory();
  command = await bundleCommand(release.commit);
  packages = await packNpmPackages(release, command, { epochSeconds: release.epochSeconds, gzipLevel: 9 });
  for (const [name, content] of packages) await writeFile(join(directory.path, name), content);
}, timeoutMs);
afterAll(() => directory[Symbol.asyncDispose]());

const mainJob = {
  console: expect.stringContaining('<div id="console">'),
  documentation: 200,
  synced: expect.stringMatching(/mail-disk-full .* failed: object_missing/),
  checked: expect.stringContaining('OK'),
  commit: release.commit,
};

test('npm installs the command into an empty folder without a registry, and it does the main job', {
  timeout: timeoutMs,
}, async () => {
  const folder = join(directory.path, 'npm');
  await mkdir(folder);
  const tarball = join(directory.path, 'backup-sync-cli-0.1.0.tgz');
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], {
    cwd: folder,
    env: {
      ...process.env,
      npm_config_cache: join(directory.path, 'npm-cache'),
      npm_config_registry: 'http://127.0.0.1:1',
    },
  });
  const installed = join(folder, 'node_modules', '.bin', 'backup-sync');
  const job = await runMainJob([installed], folder, [dirname(process.execPath), '/usr/bin', '/bin']);
  expect(job).toEqual(mainJob);
});

test.skipIf(!isOfLinux)(
  'the Debian package is installed into an empty root, and does the main job',
  {
    timeout: timeoutMs,
  },
  async () => {
    const { name, content } = await debianPackage(release, installedTree(release, command), {
      epochSeconds: release.epochSeconds,
      gzipLevel: 1,
      maintainer: 'Maintainers <maintainers@example.com>',
    });
    expect(content.length).toBeLessThan(sizeLimit(name) ?? 0);
    const file = join(directory.path, name);
    await writeFile(file, content);
    const root = join(directory.path, 'root');
    await installDebianPackage(file, root);
    // It must not use the Node of this machine.
    const job = await runMainJob([join(root, 'usr/bin/backup-sync')], root, ['/usr/bin', '/bin']);
    expect(job).toEqual(mainJob);
    if (!hasDpkg) return;

    const catalogue = join(root, 'var/lib/backup-sync');
    const { mode, uid } = await stat(catalogue);
    const [, user] = /^backup-sync:!?x?:(\d+):/.exec(await readFile(join(root, 'etc/passwd'), 'utf8')) ?? [];
    expect([mode & 0o777, uid]).toEqual([0o700, Number(user)]);
    const secrets = join(root, 'etc/backup-sync/secrets');
    expect((await stat(secrets)).mode & 0o777).toBe(0o700);
    const settings = join(root, 'etc/backup-sync/config.yaml');
    await writeFile(settings, 'storage:\n  unit: s3:https://s3.example.com\n');
    await writeFile(join(secrets, 'admin-password'), 'replace-this-password\n');
    await writeFile(join(catalogue, 'catalogue.sqlite'), '');

    await dpkg(root, '--remove', 'backup-sync');
    await expect(access(join(root, 'usr/lib/backup-sync'))).rejects.toThrow('ENOENT');
    expect(await readFile(settings, 'utf8')).toContain('s3.example.com');
    await access(join(secrets, 'admin-password'));
    await access(join(catalogue, 'catalogue.sqlite'));

    await dpkg(root, '--purge', 'backup-sync');
    await expect(access(join(root, 'etc/backup-sync'))).rejects.toThrow('ENOENT');
    await expect(access(catalogue)).rejects.toThrow('ENOENT');
  },
);

test('no npm package is larger than its limit', () => {
  const tooLarge = [...packages].filter(([name, { length }]) => length > (sizeLimit(name) ?? 0));
  expect(tooLarge.map(([name, { length }]) => `${name}: ${length} bytes`)).toEqual([]);
});

test('the changelog must have an entry for a version that is released', () => {
  expect(changelogEntry('0.1.0')).toContain('### Added');
  expect(() => changelogEntry('9.9.9')).toThrow('CHANGELOG.md has no entry "## 9.9.9"');
});

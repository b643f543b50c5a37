import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { repositoryRoot, startServer, temporaryDirectory } from '../apps/cli/src/testing.ts';
import { libraries, libraryFiles, npmTarball } from '../tools/release/npm-packages.ts';

const run = promisify(execFile);
const bin = join(repositoryRoot, 'node_modules', '.bin');
const environment = { ...process.env, PATH: `${bin}:${process.env.PATH}`, TURBO_TELEMETRY_DISABLED: '1' };

/** The packages that contain the type of the router. */
const packed = ['contracts', 'trpc'] as const;

/** Packages that a consumer installs in addition, and their dependencies. */
const others = { '@trpc/client': 'apps/gateway', '@trpc/server': 'packages/trpc', zod: 'packages/contracts' };

const program = `
import type { AppRouter } from '@backup-sync/trpc';
import { createTRPCClient, httpLink, type TRPCClientError } from '@trpc/client';

declare const process: { readonly argv: readonly string[] };
const [url = '', token = '', project_id = ''] = process.argv.slice(2);
const trpc = createTRPCClient<AppRouter>({ links: [httpLink({ url, headers: { 'X-Auth-Token': token } })] });

const { backups, count } = await trpc.listBackups.query({ project_id, limit: 5, status: 'available' });
const names: string[] = backups.map((backup) => backup.name);
// @ts-expect-error: a backup has no such field.
backups.map((backup) => backup.colour);
// @ts-expect-error: the project is not named.
const unasked = () => trpc.listBackups.query({ limit: 5 });
const follow = () =>
  trpc.watchOperations.subscribe({ project_id }, { onData: ({ id, data }) => [id, data.operation.status] });
const missing = await trpc.showBackup
  .query({ project_id, backup_id: 'missing' })
  .catch(({ data }: TRPCClientError<AppRouter>) => data?.errorCode satisfies 'backup_not_found' | string | undefined);
console.log(JSON.stringify({ names, count, missing, procedures: [typeof unasked, typeof follow] }));
`;

// A first build takes long.
const timeoutMs = 180_000;

test('another repository installs the packed type of the router without the server, and calls one with it', {
  timeout: timeoutMs,
}, async () => {
  await using home = await temporaryDirectory();
  const inRepository = { cwd: repositoryRoot, env: environment };
  await run('turbo', ['run', 'build', '--filter=@backup-sync/trpc...', '--output-logs=errors-only'], inRepository);
  for (const name of packed) {
    const tarball = await npmTarball(libraryFiles(libraries[name]), { epochSeconds: 0, gzipLevel: 1 });
    await writeFile(join(home.path, `${name}.tgz`), tarball);
  }
  const consumer = join(home.path, 'consumer');
  await mkdir(consumer);
  await writeManifest(home.path, consumer);
  await writeFile(join(consumer, 'main.ts'), program);
  const inConsumer = { cwd: consumer, env: environment };
  await run('pnpm', ['install', '--offline', '--ignore-scripts', '--config.auto-install-peers=false'], inConsumer);
  const { names, megabytes } = await installedIn(consumer);
  expect(names).toEqual(['@backup-sync/contracts', '@backup-sync/trpc', '@trpc/client', '@trpc/server', 'zod']);
  expect(megabytes).toBeLessThan(20);
  // The types of all these packages are checked too. Those of tRPC need esnext.disposable.
  const options = ['--module', 'nodenext', '--target', 'es2024', '--lib', 'es2024,dom,esnext.disposable', '--strict'];
  const compiled = await run('tsc', ['--noEmit', ...options, 'main.ts'], inConsumer).catch((error) => error);
  expect(compiled.stdout).toBe('');

  await using server = await startServer(
    join(home.path, 'data'),
    `file:${join(repositoryRoot, 'examples', 'buckets')}`,
  );
  const endpointFile = JSON.parse(await readFile(join(home.path, 'data', 'endpoint.json'), 'utf8'));
  const called = await run(
    process.execPath,
    ['main.ts', `${server.endpoint}/trpc`, endpointFile.token, endpointFile.project_id],
    inConsumer,
  );
  expect(JSON.parse(called.stdout)).toEqual({
    names: [],
    count: 0,
    missing: 'backup_not_found',
    procedures: ['function', 'function'],
  });
});

/** Writes a manifest that needs no registry: it names the tarballs, and what this repository has installed. */
async function writeManifest(tarballs: string, consumer: string): Promise<void> {
  const dependencies: Record<string, string> = {};
  for (const name of packed) dependencies[`@backup-sync/${name}`] = `file:${join(tarballs, `${name}.tgz`)}`;
  for (const [name, folder] of Object.entries(others)) {
    dependencies[name] = `file:${await realpath(join(repositoryRoot, folder, 'node_modules', name))}`;
  }
  const { zod: _, '@backup-sync/contracts': _contracts, ...direct } = dependencies;
  const manifest = {
    name: 'consumer',
    private: true,
    type: 'module',
    dependencies: direct,
    pnpm: { overrides: dependencies },
  };
  await writeFile(join(consumer, 'package.json'), JSON.stringify(manifest));
}

/** The names of the installed packages, and their size. */
async function installedIn(consumer: string): Promise<{ names: string[]; megabytes: number }> {
  const store = join(consumer, 'node_modules', '.pnpm');
  const names = new Set<string>();
  for (const entry of await readdir(store, { recursive: true, withFileTypes: true })) {
    const [, scoped] = /\/node_modules\/((?:@[^/]+\/)?[^/@]+)$/.exec(join(entry.parentPath, entry.name)) ?? [];
    if (scoped !== undefined && entry.isDirectory()) names.add(scoped);
  }
  const { stdout } = await run('du', ['-sm', store]);
  return {
    names: [...names].filter((name) => !name.startsWith('.')).toSorted(),
    megabytes: Number.parseInt(stdout, 10),
  };
}

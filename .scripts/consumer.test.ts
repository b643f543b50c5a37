import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { repositoryRoot, startServer, temporaryDirectory } from '../apps/cli/src/testing.ts';

const run = promisify(execFile);
const bin = join(repositoryRoot, 'node_modules', '.bin');
const environment = { ...process.env, PATH: `${bin}:${process.env.PATH}`, TURBO_TELEMETRY_DISABLED: '1' };

/** What the gateway's types are made of. */
const packed = { contracts: 'packages/contracts', engine: 'packages/engine', gateway: 'apps/gateway' };

const program = `
import type { AppRouter } from '@backup-sync/gateway';
import { createTRPCClient, httpLink } from '@trpc/client';

const [url = '', token = '', project_id = ''] = process.argv.slice(2);
const trpc = createTRPCClient<AppRouter>({ links: [httpLink({ url, headers: { 'X-Auth-Token': token } })] });

const { backups, count } = await trpc.listBackups.query({ project_id, limit: 5, status: 'available' });
const names: string[] = backups.map((backup) => backup.name);
// @ts-expect-error: no backup has this.
backups.map((backup) => backup.colour);
// @ts-expect-error: the project is not named.
const unasked = () => trpc.listBackups.query({ limit: 5 });
const follow = () =>
  trpc.watchOperations.subscribe({ project_id }, { onData: ({ id, data }) => [id, data.operation.status] });
console.log(JSON.stringify({ names, count, procedures: [typeof unasked, typeof follow] }));
`;

// A build that nobody made before takes its time.
const timeoutMs = 180_000;

test('another repository installs the packed gateway, and calls a server by its types', {
  timeout: timeoutMs,
}, async () => {
  await using home = await temporaryDirectory();
  const inRepository = { cwd: repositoryRoot, env: environment };
  await run('turbo', ['run', 'build', '--filter=@backup-sync/gateway...', '--output-logs=errors-only'], inRepository);
  for (const folder of Object.values(packed)) {
    const packing = { cwd: join(repositoryRoot, folder), env: environment };
    await run('pnpm', ['pack', '--pack-destination', home.path], packing);
  }
  const consumer = join(home.path, 'consumer');
  await mkdir(consumer);
  await writeManifest(home.path, consumer);
  await writeFile(join(consumer, 'main.ts'), program);
  await run('pnpm', ['install', '--offline', '--ignore-scripts', '--config.auto-install-peers=false'], {
    cwd: consumer,
    env: environment,
  });
  const options = ['--module', 'nodenext', '--target', 'es2024', '--strict', '--skipLibCheck', '--types', 'node'];
  await run('tsc', ['--noEmit', ...options, 'main.ts'], { cwd: consumer, env: environment });

  await using server = await startServer(
    join(home.path, 'data'),
    `file:${join(repositoryRoot, 'examples', 'buckets')}`,
  );
  const endpointFile = JSON.parse(await readFile(join(home.path, 'data', 'endpoint.json'), 'utf8'));
  const called = await run(
    process.execPath,
    ['main.ts', `${server.endpoint}/trpc`, endpointFile.token, endpointFile.project_id],
    { cwd: consumer, env: environment },
  );
  expect(JSON.parse(called.stdout)).toEqual({ names: [], count: 0, procedures: ['function', 'function'] });
});

/** Everything is at hand: the tarballs, and what this repository has installed of other packages. No registry is asked. */
async function writeManifest(tarballs: string, consumer: string): Promise<void> {
  const files = await readdir(tarballs);
  const own = Object.keys(packed).map((name) => {
    const file = files.find((each) => each.startsWith(`backup-sync-${name}-`));
    return [`@backup-sync/${name}`, `file:${join(tarballs, file ?? '')}`] as const;
  });
  const overrides: Record<string, string> = Object.fromEntries(own);
  for (const folder of Object.values(packed)) {
    const { dependencies } = JSON.parse(await readFile(join(repositoryRoot, folder, 'package.json'), 'utf8'));
    for (const name of Object.keys(dependencies)) {
      overrides[name] ??= await installed(folder, name);
    }
  }
  const manifest = {
    name: 'consumer',
    private: true,
    type: 'module',
    dependencies: {
      ...Object.fromEntries(own),
      '@trpc/client': await installed('apps/gateway', '@trpc/client'),
      '@types/node': await installed('.', '@types/node'),
    },
    pnpm: { overrides },
  };
  await writeFile(join(consumer, 'package.json'), JSON.stringify(manifest));
}

/** A package where this repository has it. */
async function installed(folder: string, name: string): Promise<string> {
  return `link:${await realpath(join(repositoryRoot, folder, 'node_modules', name))}`;
}

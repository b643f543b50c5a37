import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { builtCommand, repositoryRoot, startServer, temporaryDirectory } from '../apps/cli/src/testing.ts';

/** The commands of the README, block by block. */
const blocks = Array.from(
  (await readFile(join(repositoryRoot, 'README.md'), 'utf8')).matchAll(/^```sh\n(.*?)^```$/gms),
  (match) => match[1] ?? '',
);

const [local, remote, administration, ...others] = blocks;

/** Runs a block, working below `home` and with the server at `endpoint`. */
async function run(block: string | undefined, home: string, endpoint = ''): Promise<string> {
  const script = (block ?? '')
    .replaceAll('npm run --silent backup-sync --', builtCommand.map((word) => `'${word}'`).join(' '))
    .replaceAll('.data', home)
    .replaceAll('http://127.0.0.1:8787', endpoint);
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], { cwd: repositoryRoot });
  return stdout;
}

const storage = `file:${join(repositoryRoot, 'examples', 'buckets')}`;

test('the README has no commands that are not run here', () => {
  expect(others).toEqual([]);
});

test('the commands of the README do what it says', async () => {
  await using home = await temporaryDirectory();
  const shown = await run(local, home.path);
  expect(shown).toMatch(/database-disk-full +database-disk +linkage .*created/);
  expect(shown).toMatch(/web-server +web-server +available +presence/);
  expect(shown).toContain('"code": "object_missing"');
  expect(shown).toMatch(/e4928728-\S+ +replay +512.0 KiB +[0-9a-f]{64} +success/);
  expect((await stat(join(home.path, 'image.raw'))).size).toBe(512 * 1024);

  await using server = await startServer(join(home.path, 'readme'), storage);
  const answered = await run(remote, home.path, server.endpoint);
  expect(answered).toMatch(/^\{"sync":\[\{"backup_id":"f1e91edd/);
  expect(answered).toContain('"operation_logs":[');
});

test('its commands for administrators do what it says, through the server that holds the data directory', async () => {
  await using home = await temporaryDirectory();
  await using _server = await startServer(join(home.path, 'readme'), storage);
  const audited = await run(administration, home.path);
  expect(audited).toMatch(/ada .* enabled +operator in default/);
  expect(audited).toMatch(/grantRole +done +rest 127\.0\.0\.1 +ada, operator, /);
});

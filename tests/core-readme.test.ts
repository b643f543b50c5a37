import { execFile } from 'node:child_process';
import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { examples, repositoryRoot, startServer, temporaryDirectory } from '../apps/cli/src/testing.ts';
import { issueToken } from '../packages/core/src/index.ts';
import { readPage } from '../tools/docs/markdown-page.ts';

const core = join(repositoryRoot, 'packages', 'core');
const password = 'a password of this test';

const example = (name: string) => join(core, 'examples', `${name}.ts`);

test.each([
  ['packages/core/README.md', ['sync', 'credentials', 'list']],
  ['README.md', ['count']],
])('%s shows examples of core, which the compiler checks', async (readme, names) => {
  const blocks = (await readPage(join(repositoryRoot, readme))).blocks.filter(({ language }) => language === 'ts');
  const files = await Promise.all(names.map((name) => readFile(example(name), 'utf8')));
  expect(blocks.map(({ text }) => `${text}\n`)).toEqual(files);
});

describe('the examples of core', () => {
  test('run against the gateway and print what they promise', async () => {
    await using home = await temporaryDirectory();
    const storage = join(home.path, 'storage');
    await cp(join(examples, 'buckets'), storage, { recursive: true });
    await mkdir(join(storage, 'backups'), { recursive: true });
    await using server = await startServer(join(home.path, 'data'), `file:${storage}`, {
      BACKUP_SYNC_ADMIN_PASSWORD: password,
    });
    const run = async (name: string, token = '') => {
      const args = ['--conditions=@backup-sync/source', example(name), server.endpoint, server.projectId];
      const env = { ...process.env, BACKUP_SYNC_PASSWORD: password, BACKUP_SYNC_TOKEN: token };
      return (await promisify(execFile)(process.execPath, args, { env })).stdout;
    };
    const synced = await run('sync');
    expect(synced.trimEnd().split('\n').length).toBe(120);
    expect(synced).toMatch(/^day-120 failed /m);
    expect(await run('list')).toBe('120 operations have failed\n');
    expect(await run('credentials')).toBe('');
    const { token } = await issueToken(server.endpoint, { user: 'admin', password });
    expect(await run('count', token)).toBe('0 backups are available\n');
  });
});

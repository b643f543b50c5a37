import { execFile } from 'node:child_process';
import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { examples, repositoryRoot, startServer, temporaryDirectory } from '../apps/cli/src/testing.ts';

const core = join(repositoryRoot, 'packages', 'core');
const password = 'a password of this test';

const example = (name: string) => join(core, 'examples', `${name}.ts`);

test('the README of core shows its examples, which the compiler checks', async () => {
  const blocks = Array.from(
    (await readFile(join(core, 'README.md'), 'utf8')).matchAll(/^```ts\n(.*?)^```$/gms),
    (match) => match[1],
  );
  const files = ['sync', 'credentials', 'list'].map((name) => readFile(example(name), 'utf8'));
  expect(blocks).toEqual(await Promise.all(files));
});

describe('the examples of core', () => {
  test('run against the gateway and do what they say', async () => {
    await using home = await temporaryDirectory();
    const storage = join(home.path, 'storage');
    await cp(join(examples, 'buckets'), storage, { recursive: true });
    await mkdir(join(storage, 'backups'), { recursive: true });
    await using server = await startServer(join(home.path, 'data'), `file:${storage}`, {
      BACKUP_SYNC_ADMIN_PASSWORD: password,
    });
    const run = async (name: string) => {
      const args = ['--conditions=@backup-sync/source', example(name), server.endpoint, server.projectId, password];
      return (await promisify(execFile)(process.execPath, args)).stdout;
    };
    const synced = await run('sync');
    expect(synced.trimEnd().split('\n').length).toBe(120);
    expect(synced).toMatch(/^day-120 failed /m);
    expect(await run('list')).toBe('120 operations have failed\n');
    expect(await run('credentials')).toBe('');
  });
});

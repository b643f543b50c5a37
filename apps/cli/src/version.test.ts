import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { repositoryRoot, run } from './testing.ts';

test('version prints the version, and with --verbose what a report of a fault needs', async () => {
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
  const migrations = await readdir(join(repositoryRoot, 'packages/engine/src/catalogue/migrations'));
  const numbers = migrations.map((file) => Number.parseInt(file, 10)).filter((number) => number > 0);
  using database = new DatabaseSync(':memory:');
  const row = database.prepare('select sqlite_version() as version').get();
  const known = {
    version,
    commit: 'unknown',
    node: process.versions.node,
    sqlite: row?.version,
    schema: Math.max(...numbers),
    platform: `${process.platform} ${process.arch}`,
  };
  const short = { code: 0, output: `${version}\n`, messages: '' };
  expect(await run(['version'])).toEqual(short);
  expect(await run(['--version'])).toEqual(short);
  expect(JSON.parse((await run(['version', '--json'])).output)).toEqual({ version });
  expect(JSON.parse((await run(['version', '--verbose', '--json'])).output)).toEqual(known);
  const { output } = await run(['version', '--verbose']);
  for (const [name, value] of Object.entries(known)) expect(output).toMatch(new RegExp(`^${name} +${value}$`, 'm'));
});

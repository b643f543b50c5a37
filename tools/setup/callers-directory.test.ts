import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
let home: string;

/** Creates two packages. Their scripts print the directory from which a person called a script of the first. */
beforeAll(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), 'backup-sync-npm-')));
  const module = JSON.stringify(import.meta.resolve('./callers-directory.mjs'));
  const print = join(home, 'print.mjs');
  const root = JSON.stringify(join(home, 'ours'));
  const code = `import { callersDirectory } from ${module};\nconsole.log(callersDirectory(${root}, 'backup-sync'));\n`;
  await writeFile(print, code);
  const scripts = {
    ours: { 'backup-sync': `node ${print}` },
    other: { 'backup-sync': `node ${print}`, nested: `npm run --silent backup-sync --prefix ${join(home, 'ours')}` },
  };
  for (const [name, own] of Object.entries(scripts)) {
    await mkdir(join(home, name, 'below'), { recursive: true });
    await writeFile(join(home, name, 'package.json'), JSON.stringify({ name, scripts: own }));
  }
});

afterAll(() => rm(home, { recursive: true, force: true }));

async function printed(command: string, args: readonly string[], directory: string): Promise<string> {
  return (await run(command, args, { cwd: directory })).stdout.trim();
}

test('a command started by npm works in the directory of the person, and one started directly in its own', async () => {
  const script = ['run', '--silent', 'backup-sync'];
  const ours = join(home, 'ours');
  const other = join(home, 'other');
  const [below, prefixed, stale, nested, direct] = await Promise.all([
    printed('npm', script, join(ours, 'below')),
    printed('npm', [...script, '--prefix', ours], home),
    // A script of another package runs ours without npm: INIT_CWD belongs to that package.
    printed('npm', [...script, '--prefix', other], home),
    printed('npm', ['run', '--silent', 'nested'], join(other, 'below')),
    printed('node', [join(home, 'print.mjs')], home),
  ]);
  expect(below).toBe(join(ours, 'below'));
  expect(prefixed).toBe(home);
  expect(stale).toBe(other);
  expect(nested).toBe(other);
  expect(direct).toBe(home);
});

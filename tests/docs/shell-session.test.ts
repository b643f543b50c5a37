import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repositoryRoot, temporaryDirectory } from '../../apps/cli/src/testing.ts';
import { openShell } from '../../tools/docs/shell-session.ts';

const environment = { PATH: process.env.PATH ?? '' };
const sleeper = 'sleep 300 & echo $!; wait';
const isReady = (lines: readonly string[]) => lines.length > 0;

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('a command that ends the shell is named, and what kept running is stopped', async () => {
  await using home = await temporaryDirectory();
  const shell = openShell(home.path, home.path, environment);
  const { lines } = await shell.keepRunning(sleeper, isReady);
  await expect(shell.run('exit 3')).rejects.toThrow('"exit 3" ended the shell');
  await shell[Symbol.asyncDispose]();
  expect(isThere(Number(lines[0]))).toBe(false);
});

test('a command that does not end in time is named and stopped', async () => {
  await using home = await temporaryDirectory();
  const shell = openShell(home.path, home.path, environment, { endWithinMs: 500 });
  const { lines } = await shell.keepRunning(sleeper, isReady);
  await expect(shell.run('sleep 300')).rejects.toThrow('"sleep 300" did not end within 0.5 s');
  await shell[Symbol.asyncDispose]();
  expect(isThere(Number(lines[0]))).toBe(false);
});

test('what kept running is stopped if the process that opened the shell is killed', async () => {
  await using home = await temporaryDirectory();
  const module = join(repositoryRoot, 'tools/docs/shell-session.ts');
  const script = `
    const { openShell } = await import(${JSON.stringify(module)});
    const shell = openShell(${JSON.stringify(home.path)}, ${JSON.stringify(home.path)}, { PATH: process.env.PATH });
    const { lines } = await shell.keepRunning(${JSON.stringify(sleeper)}, (lines) => lines.length > 0);
    console.log(lines[0]);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [chunk] = await once(child.stdout, 'data');
  const pid = Number(String(chunk));
  expect(isThere(pid)).toBe(true);
  child.kill('SIGKILL');
  await expect.poll(() => isThere(pid), { timeout: 5_000 }).toBe(false);
});

import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { runCommandLine } from '../run-command-line.ts';
import type { Ended } from '../testing.ts';

/**
 * Runs the command line in this process, with streams and environment of its own. With `untilOutput` it is interrupted,
 * as by Ctrl-C, once it has put something out.
 */
export async function runInProcess(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  { input = '', untilOutput = false } = {},
): Promise<Ended> {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  stdin.end(input);
  const interrupts: (() => void)[] = [];
  const host = {
    argv: ['node', 'backup-sync', ...args],
    env,
    stdin,
    stdout,
    stderr,
    exitCode: 0,
    on(signal: string, interrupt: () => void) {
      if (signal === 'SIGINT') interrupts.push(interrupt);
    },
    exit() {},
  };
  if (untilOutput) {
    stdout.once('data', () => {
      for (const interrupt of interrupts) interrupt();
    });
  }
  const texts = Promise.all([text(stdout), text(stderr)]);
  await runCommandLine(host as unknown as NodeJS.Process, '0.0.0');
  stdout.end();
  stderr.end();
  const [output, messages] = await texts;
  return { code: host.exitCode, output, messages };
}

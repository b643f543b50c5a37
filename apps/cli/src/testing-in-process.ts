import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { runCommandLine } from './run-command-line.ts';
import type { Ended, RunOptions } from './testing.ts';

type RunInProcessOptions = RunOptions & {
  readonly untilOutput?: boolean;
  readonly columns?: number;
  readonly atTerminal?: boolean;
};

/**
 * Runs the command line in this process, with its own streams and environment. With `untilOutput`, it is interrupted as
 * by Ctrl-C once it has printed something. With `columns`, it writes to a terminal of this width. With `atTerminal`,
 * input and messages go through a terminal.
 */
export async function runInProcess(
  args: readonly string[],
  { environment: env = {}, input = '', untilOutput = false, columns, atTerminal = false }: RunInProcessOptions = {},
): Promise<Ended> {
  const stdin = Object.assign(new PassThrough(), { isTTY: atTerminal });
  const stdout = new PassThrough();
  const stderr = Object.assign(new PassThrough(), { isTTY: atTerminal });
  stdin.end(input);
  if (columns !== undefined) for (const stream of [stdout, stderr]) Object.assign(stream, { isTTY: true, columns });
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
    off() {},
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

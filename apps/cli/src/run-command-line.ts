import { CommanderError } from 'commander';
import { addCompletion } from './completion/completion.ts';
import { readEnvironment } from './environment.ts';
import { exitCodes, failureOf, UsageError } from './failure.ts';
import { faultText } from './fault-text.ts';
import { printable, printableLines } from './printable.ts';
import { createProgram } from './program.ts';
import { printFailure, type Terminal } from './terminal.ts';

/** Runs what the process was called with, and sets its exit code. */
export async function runCommandLine(host: NodeJS.Process, version: string): Promise<void> {
  const stopping = new AbortController();
  let json = false;
  const terminal = (): Terminal => ({ output: host.stdout, messages: host.stderr, json });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // A second one finds no listener and ends the process at once.
    host.once(signal, () => stopping.abort());
  }
  // A reader that has seen enough (`| head`) is no failure.
  host.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') host.exit(exitCodes.done);
    host.stderr.write(`error: the output cannot be written: ${error.message}\n`);
    host.exit(exitCodes.failure);
  });

  const program = createProgram(
    version,
    (options) => {
      json = options.json;
      return {
        terminal: terminal(),
        environment: readEnvironment(host.env),
        input: host.stdin,
        connect: options.connect,
        signal: stopping.signal,
        version,
        onFault: (place, error) => {
          host.stderr.write(`${new Date().toISOString()} fault at ${place}: ${printableLines(faultText(error))}\n`);
        },
        onNotice: (text) => {
          host.stderr.write(`${new Date().toISOString()} ${printable(text)}\n`);
        },
      };
    },
    (exitCode) => {
      host.exitCode = exitCode;
    },
  );
  addCompletion(
    program,
    (text) => host.stdout.write(text),
    async (placeholder, options) => {
      const { namesOf } = await import('./completion/names.ts');
      return namesOf(placeholder, options, readEnvironment(host.env));
    },
  );
  const wantsJson = host.argv.includes('--json') || host.argv.includes('--ndjson');
  forEachCommand(program, (command) => {
    command.exitOverride();
    // What was wrong is told in the words of the arguments.
    command.configureOutput({ outputError: (said, write) => (wantsJson ? undefined : write(printableLines(said))) });
  });
  try {
    await program.parseAsync(host.argv);
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has printed the help or, for people, what was wrong.
      json = wantsJson;
      if (json && error.exitCode !== 0) printFailure(terminal(), failureOf(new UsageError(error.message)));
      host.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.failure;
    } else {
      const failure = failureOf(error);
      printFailure(terminal(), failure);
      host.exitCode = stopping.signal.aborted ? exitCodes.interrupted : failure.exitCode;
    }
  }
}

function forEachCommand(
  command: ReturnType<typeof createProgram>,
  act: (command: ReturnType<typeof createProgram>) => void,
): void {
  act(command);
  for (const child of command.commands) forEachCommand(child as typeof command, act);
}

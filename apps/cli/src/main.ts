#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { CommanderError } from 'commander';
import { readEnvironment } from './environment.ts';
import { exitCodes, failureOf, UsageError } from './failure.ts';
import { createProgram } from './program.ts';
import { printFailure, type Terminal } from './terminal.ts';

// The one file that touches the process.
// V8 lets the room for young objects grow to more than 100 MB where pages of a listing survive a while; it need not.
setFlagsFromString('--semi-space-growth-factor=1');
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const stopping = new AbortController();
let json = false;

function terminal(): Terminal {
  return { output: process.stdout, messages: process.stderr, json };
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // A second one finds no listener and ends the process at once.
  process.once(signal, () => stopping.abort());
}
// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.done);
  process.stderr.write(`error: the output cannot be written: ${error.message}\n`);
  process.exit(exitCodes.failure);
});

const program = createProgram(
  version,
  (options) => {
    json = options.json;
    return {
      terminal: terminal(),
      environment: readEnvironment(process.env),
      input: process.stdin,
      connect: options.connect,
      signal: stopping.signal,
      version,
      onFault: (place, error) => {
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
        process.stderr.write(`${new Date().toISOString()} fault at ${place}: ${text}\n`);
      },
    };
  },
  (exitCode) => {
    process.exitCode = exitCode;
  },
);
const wantsJson = process.argv.includes('--json');
forEachCommand(program, (command) => {
  command.exitOverride();
  if (wantsJson) command.configureOutput({ outputError: () => {} });
});
try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has printed the help or, for people, what was wrong.
    json = wantsJson;
    if (json && error.exitCode !== 0) printFailure(terminal(), failureOf(new UsageError(error.message)));
    process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.failure;
  } else {
    const failure = failureOf(error);
    printFailure(terminal(), failure);
    process.exitCode = stopping.signal.aborted ? exitCodes.interrupted : failure.exitCode;
  }
}

function forEachCommand(command: typeof program, act: (command: typeof program) => void): void {
  act(command);
  for (const child of command.commands) forEachCommand(child as typeof program, act);
}

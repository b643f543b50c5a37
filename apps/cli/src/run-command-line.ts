import { isatty } from 'node:tty';
import { type Command, CommanderError } from 'commander';
import { isExtraction } from './backup-commands.ts';
import { isPlugin } from './check-command.ts';
import { printUnknown } from './commands/plugin-output.ts';
import { addCompletion } from './completion/completion.ts';
import { isConfigCheck } from './config-commands.ts';
import { configurationPathOf, type Layers, layersOf, originsOf } from './configuration/layers.ts';
import { type Environment, readEnvironment } from './environment.ts';
import { exitCodes, failureOf, UsageError } from './failure.ts';
import { faultText } from './fault-text.ts';
import { readNetwork } from './network.ts';
import { printableLines } from './printable.ts';
import { createProgram } from './program.ts';
import { printFailure, type Terminal } from './terminal.ts';

/**
 * Applies proxies and private authorities, before the first request. Commands that need neither load nothing for it.
 */
async function useNetworkOf(layers: Layers): Promise<void> {
  const names = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'AWS_CA_BUNDLE'];
  if (!names.some((name) => layers.variables[name])) return;
  const network = readNetwork(environmentOf(layers));
  const { useNetwork } = await import('@backup-sync/engine/network');
  useNetwork(network);
}

/** Time for a reader of standard error to take what waits at the end, in milliseconds. */
const lastMessagesMs = 1_000;

/** Ends the process if only messages that nobody reads keep it running. Results wait for their reader. */
function giveUpUnreadMessages(host: NodeJS.Process): void {
  const timer = setTimeout(() => {
    if (host.stderr.writableLength > 0 && host.stdout.writableLength === 0) host.exit();
  }, lastMessagesMs);
  timer.unref();
}

/**
 * Reads the configuration file that a command uses. Other commands do not load the code for it. `command` is the path
 * of the command, such as `backup-sync serve`.
 */
async function readLayers(command: string, options: object, variables: NodeJS.ProcessEnv): Promise<Layers> {
  const path = configurationPathOf(command, options, variables);
  if (path === undefined) return layersOf(variables, null);
  const { readConfiguration } = await import('./configuration/read-configuration.ts');
  return layersOf(variables, await readConfiguration(path));
}

/** `config check` reads the file itself, to report more than its first problems. */
function takesConfiguration(command: Command): boolean {
  return command.options.some((option) => option.attributeName() === 'config') && !isConfigCheck(command);
}

function environmentOf(layers: Layers): Environment {
  return readEnvironment(layers.variables, originsOf(layers));
}

/** Runs the command that the process was called with, and sets its exit code. */
export async function runCommandLine(host: NodeJS.Process, version: string): Promise<void> {
  const stopping = new AbortController();
  let json = false;
  let called: string | undefined;
  let needsWholeOutput = false;
  let layers = layersOf(host.env, null);
  const terminal = (): Terminal => ({ output: host.stdout, messages: host.stderr, json });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // The listener stays: if it is the last one, the library that restores the cursor ends the process at a signal.
    host.on(signal, () => {
      if (stopping.signal.aborted) host.exit(exitCodes.interrupted);
      stopping.abort();
    });
  }
  // The terminal of a container or of a test may not report its size.
  for (const stream of [host.stdout, host.stderr]) {
    if (stream.isTTY && stream.columns === 0) Object.assign(stream, { columns: 80, rows: 24 });
  }
  // A reader that has seen enough (`| head`) is not a failure. Ctrl-C ends the reader too, but then messages follow.
  host.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' && stopping.signal.aborted) return;
    if (error.code === 'EPIPE' && !needsWholeOutput) host.exit(exitCodes.done);
    const why = error.code === 'EPIPE' ? 'its reader ended too early. Do not use what it has read' : error.message;
    host.stderr.write(`error: standard output cannot be written: ${why}\n`);
    host.exit(exitCodes.failure);
  });
  // If messages cannot be written, nobody can read that either: the command continues.
  host.stderr.on('error', () => {});

  const program = createProgram(
    version,
    (options) => {
      json = options.json;
      return {
        terminal: terminal(),
        environment: environmentOf(layers),
        layers,
        input: host.stdin,
        connect: { ...options.connect, command: called },
        signal: stopping.signal,
        onHangUp: (listener) => {
          // The kernel sends the same signal when a terminal is closed: then nobody can stop the command by Ctrl-C.
          const heard = () => (hasLostTerminal(host) ? stopping.abort() : listener());
          host.on('SIGHUP', heard);
          return { [Symbol.dispose]: () => host.off('SIGHUP', heard) };
        },
        version,
        onFault: (place, error) => {
          host.stderr.write(`${new Date().toISOString()} fault at ${place}: ${printableLines(faultText(error))}\n`);
        },
      };
    },
    (exitCode) => {
      host.exitCode = exitCode;
    },
  );
  let running: Command = program;
  program.hook('preAction', async (_program, command) => {
    running = command;
    called = pathOf(command);
    needsWholeOutput = isExtraction(command);
    if (takesConfiguration(command)) layers = await readLayers(called, command.opts(), host.env);
    await useNetworkOf(layers);
  });
  addCompletion(
    program,
    (text) => host.stdout.write(text),
    async (placeholder, options) => {
      const { namesOf } = await import('./completion/names.ts');
      return namesOf(placeholder, options, () => readLayers('', options, host.env).then(environmentOf));
    },
  );
  const wantsJson = host.argv.includes('--json') || host.argv.includes('--ndjson');
  forEachCommand(program, (command) => {
    command.exitOverride((error) => {
      running = command;
      throw error;
    });
    // Messages quote the arguments: they are cleaned like all other output.
    command.configureOutput({
      writeErr: (said) => (wantsJson ? undefined : host.stderr.write(said)),
      outputError: (said, write) => (wantsJson || isPlugin(command) ? undefined : write(printableLines(said))),
    });
  });
  try {
    json = wantsJson;
    await program.parseAsync(host.argv);
  } catch (error) {
    if (isPlugin(running) && !(error instanceof CommanderError && error.exitCode === 0)) {
      json = wantsJson;
      const failure = failureOf(error instanceof CommanderError ? usageErrorOf(error, running) : error);
      host.exitCode = printUnknown(terminal(), failure);
    } else if (error instanceof CommanderError) {
      // Commander has printed the help or, for people, what was wrong.
      json = wantsJson;
      if (json && error.exitCode !== 0) printFailure(terminal(), failureOf(usageErrorOf(error, running)));
      host.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.failure;
    } else {
      const failure = failureOf(error);
      printFailure(terminal(), failure);
      host.exitCode = stopping.signal.aborted ? exitCodes.interrupted : failure.exitCode;
    }
  }
  giveUpUnreadMessages(host);
}

/** Whether the terminal that the process was started at is gone. */
function hasLostTerminal({ stdin, stdout, stderr }: NodeJS.Process): boolean {
  return [stdin, stdout, stderr].some(({ isTTY, fd }) => isTTY && !isatty(fd));
}

/** Turns an error of Commander into one of this program. Commander prints the help for a group without a command. */
function usageErrorOf({ code, message }: CommanderError, command: Command): UsageError {
  if (code !== 'commander.help') return new UsageError(message.replace(/^error: /, ''));
  const names = command.commands.map((child) => child.name()).join(', ');
  return new UsageError(`${pathOf(command)} needs a command: ${names}`);
}

/** `backup-sync sources scan`. */
function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function forEachCommand(
  command: ReturnType<typeof createProgram>,
  act: (command: ReturnType<typeof createProgram>) => void,
): void {
  act(command);
  for (const child of command.commands) forEachCommand(child as typeof command, act);
}

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export const repositoryRoot = fileURLToPath(new URL('../../..', import.meta.url));
export const examples = join(repositoryRoot, 'examples');
/** The command as it is shipped; built before tests run. */
export const builtCommand = [process.execPath, fileURLToPath(new URL('../dist/main.js', import.meta.url))];

export type Ended = { readonly code: number | null; readonly output: string; readonly messages: string };

export type RunOptions = {
  readonly environment?: Record<string, string>;
  readonly input?: string;
  /** Words that start the command (default: the built one). */
  readonly command?: readonly string[];
};

/** A directory that is removed at the end. */
export async function temporaryDirectory(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'backup-sync-cli-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Starts the real command. Its environment has only the given variables of this project. */
export function start(
  args: readonly string[],
  { environment = {}, command: [program = '', ...words] = builtCommand }: RunOptions = {},
): ChildProcessWithoutNullStreams {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(BACKUP_SYNC|AWS|FORCE_COLOR|NO_COLOR)|_proxy$/i.test(name),
  );
  // Compiled code is cached, but not in the user's own cache.
  const cache = { XDG_CACHE_HOME: join(repositoryRoot, 'node_modules', '.cache') };
  return spawn(program, [...words, ...args], {
    env: { ...Object.fromEntries(inherited), ...cache, ...environment },
  });
}

/** Runs the real command to its end. */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const child = start(args, options);
  child.stdin.end(options.input ?? '');
  const [output, messages] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  refuseWarnings(args, messages);
  return { code: child.exitCode, output, messages };
}

/** Node's own warnings mean nothing to users: no command that a test runs may cause one. */
function refuseWarnings(args: readonly string[], messages: string): void {
  const warning = /^\(node:\d+\).*/m.exec(messages)?.[0];
  if (warning !== undefined) throw new Error(`${args.join(' ')}: ${warning}`);
}

export type RunningServer = AsyncDisposable & {
  readonly process: ChildProcessWithoutNullStreams;
  readonly endpoint: string;
  readonly projectId: string;
};

/** Starts `serve` with a data directory, see {@link startServing}. */
export function startServer(
  dataDirectory: string,
  storage: string,
  environment: Record<string, string> = {},
): Promise<RunningServer> {
  return startServing(['--data-dir', dataDirectory, '--storage', storage], environment);
}

/** Starts `serve` on a free port and waits until it listens. Disposing stops it the way an operator does. */
export async function startServing(
  options: readonly string[],
  environment: Record<string, string>,
  command: readonly string[] = builtCommand,
): Promise<RunningServer> {
  const args = ['serve', '--json', '--listen', '127.0.0.1:0', ...options];
  const child = start(args, { environment, command });
  const messages = text(child.stderr);
  let said = '';
  for await (const chunk of child.stdout) {
    said += String(chunk);
    if (said.includes('}')) break;
  }
  if (!said.includes('}')) throw new Error(`serve ended before it listened: ${await messages}`);
  const { endpoint, project_id: projectId } = JSON.parse(said);
  return {
    process: child,
    endpoint,
    projectId,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const closed = once(child, 'close');
      child.kill('SIGTERM');
      await closed;
      refuseWarnings(args, await messages);
    },
  };
}

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Door, Service } from './service.ts';

/** What a process works on: a data directory alone, or a database as one node of several. */
export type ServerCatalogue =
  | { readonly dataDirectory: string }
  | { readonly databaseUrl: string; readonly secretKey: string; readonly serves: boolean; readonly works: boolean };

/** Options of a server process. */
export type ServerStart = ServerCatalogue & {
  readonly storage: string;
  /** Port; 0 takes a free one. */
  readonly port: number;
  readonly administratorPassword: string;
};

/** A message to a server process: how to start, or the new offset of its wall clock. */
export type ServerMessage = { readonly start?: ServerStart; readonly clockOffsetMs: number };

/** What a process says when it has started. A node that does not serve has no endpoint. */
export type Listening = { readonly endpoint: string; readonly projectId: string };

const entry = fileURLToPath(new URL('server-entry.ts', import.meta.url));
const logLinesMax = 200;
/** Lines shown of a process that ended before it listened. */
const lastWordsLines = 15;
/** A stop waits for answers in progress. */
const stopMsMax = 30_000;

/** A server ended before it listened. The message is what the process printed. */
export class NotStartedError extends Error {
  override readonly name = 'NotStartedError';
}

/** A server in its own process. It can be killed, stopped, paused and started again on the same port. */
export class ServerProcess implements Door, Service, AsyncDisposable {
  readonly #start: ServerStart;
  #child: ChildProcess | null = null;
  #port: number;
  #clockOffsetMs = 0;
  #log: string[] = [];
  #isAway = true;
  #outages = 0;
  endpoint = '';
  projectId = '';

  constructor(start: ServerStart) {
    this.#start = start;
    this.#port = start.port;
  }

  get isAway(): boolean {
    return this.#isAway;
  }

  set isAway(isAway: boolean) {
    if (isAway && !this.#isAway) this.#outages += 1;
    this.#isAway = isAway;
  }

  get outages(): number {
    return this.#outages;
  }

  get doors(): readonly Door[] {
    return [this];
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  nextDoor(): Door {
    return this;
  }

  /** Resolves when it listens. Throws `NotStartedError`. */
  async start(): Promise<void> {
    const child = this.#fork({ ...this.#start, port: this.#port });
    this.#child = child;
    const { endpoint, projectId } = await this.#listening(child);
    this.endpoint = endpoint;
    this.projectId = projectId;
    if (endpoint !== '') this.#port = Number(new URL(endpoint).port);
    this.isAway = false;
  }

  /** Starts a second server on the same data directory, and returns what it prints; null: it listens. */
  async startSecond(): Promise<string | null> {
    const child = this.#fork({ ...this.#start, port: 0 });
    try {
      await this.#listening(child);
      return null;
    } catch (error) {
      if (error instanceof NotStartedError) return error.message;
      throw error;
    } finally {
      await killed(child);
    }
  }

  /** Kills the process with SIGKILL. */
  async kill(): Promise<void> {
    this.isAway = true;
    if (this.#child !== null) await killed(this.#child);
  }

  /** Stops it with SIGTERM, and returns its exit code; null: it had to be killed. */
  async stop(): Promise<number | null> {
    this.isAway = true;
    this.#child?.kill('SIGTERM');
    return (await this.endedWithin(stopMsMax)) ? (this.#child?.exitCode ?? null) : null;
  }

  /** Pauses the process with SIGSTOP. */
  pause(): void {
    this.isAway = true;
    this.#child?.kill('SIGSTOP');
  }

  /** Lets a paused process go on. */
  resume(): void {
    this.#child?.kill('SIGCONT');
    this.isAway = false;
  }

  /** Waits until the process has ended. False if it does not within the time. */
  async endedWithin(milliseconds: number): Promise<boolean> {
    const child = this.#child;
    if (child === null || hasEnded(child)) return true;
    try {
      await once(child, 'exit', { signal: AbortSignal.timeout(milliseconds) });
      return true;
    } catch {
      return false;
    }
  }

  /** Sets the offset of the process's wall clock. A restart keeps it. */
  setClockOffset(milliseconds: number): void {
    this.#clockOffsetMs = milliseconds;
    this.#child?.send({ clockOffsetMs: milliseconds } satisfies ServerMessage);
  }

  /** Milliseconds since 1970 by the clock of the server. */
  nowMs(): number {
    return Date.now() + this.#clockOffsetMs;
  }

  logTail(): readonly string[] {
    return this.#log;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child !== null) await killed(this.#child);
  }

  #fork(start: ServerStart): ChildProcess {
    const child = fork(entry, {
      execArgv: ['--conditions=@backup-sync/source'],
      env: { ...process.env, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // Ctrl-C reaches all processes of a group, but the run must finish its round, which needs the server.
      detached: true,
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#log = [...this.#log, ...text.trimEnd().split('\n')].slice(-logLinesMax);
    });
    child.send({ start, clockOffsetMs: this.#clockOffsetMs } satisfies ServerMessage);
    return child;
  }

  async #listening(child: ChildProcess): Promise<Listening> {
    const ended = new AbortController();
    child.once('exit', () => ended.abort());
    try {
      const [message] = await once(child, 'message', { signal: ended.signal });
      return message;
    } catch {
      throw new NotStartedError(this.#log.slice(-lastWordsLines).join('\n'));
    }
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function killed(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, newServerPassword } from '../../../packages/engine/src/testing/server-place.ts';

/** How to start a server of a database. */
export type DatabaseStart = {
  readonly databaseDirectory: string;
  readonly port: number;
  readonly password: string;
  /** Whether the directory must be created. */
  readonly isNew: boolean;
};

const entry = fileURLToPath(new URL('database-entry.ts', import.meta.url));
const startsWithinMs = 30_000;
const stopsWithinMs = 10_000;

/** A PostgreSQL server in its own process. It can be killed, and started again with what was committed. */
export class DatabaseProcess implements AsyncDisposable {
  readonly #start: Omit<DatabaseStart, 'isNew'>;
  #child: ChildProcess | null = null;
  #isAway = true;
  /** Number of times that it was away. */
  outages = 0;

  static async open(): Promise<DatabaseProcess> {
    const port = await freePort();
    // Outside of the directory of a world, which the user that PostgreSQL runs as cannot read.
    const databaseDirectory = join(tmpdir(), `backup-sync-chaos-postgres-${process.pid}-${port}`);
    const database = new DatabaseProcess({ databaseDirectory, port, password: newServerPassword() });
    await database.#run(true);
    return database;
  }

  private constructor(start: Omit<DatabaseStart, 'isNew'>) {
    this.#start = start;
  }

  get isAway(): boolean {
    return this.#isAway;
  }

  get port(): number {
    return this.#start.port;
  }

  get directory(): string {
    return this.#start.databaseDirectory;
  }

  /** The address of the database, through a proxy at this port or directly. */
  url(port = this.#start.port): string {
    return `postgres://postgres:${this.#start.password}@127.0.0.1:${port}/postgres`;
  }

  /** Kills the server with SIGKILL. Its other processes notice that and end. */
  async kill(): Promise<void> {
    this.outages += 1;
    this.#isAway = true;
    const child = this.#child;
    if (child === null) return;
    const [postmaster = ''] = (await readFile(join(this.directory, 'postmaster.pid'), 'utf8')).split('\n');
    const ended = once(child, 'exit');
    // First, since it would start nothing again but remove what the server leaves.
    child.kill('SIGKILL');
    process.kill(Number(postmaster), 'SIGKILL');
    await ended;
    this.#child = null;
  }

  /** Starts a killed server. */
  async start(): Promise<void> {
    await this.#run(false);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#child;
    if (child !== null) {
      const ended = once(child, 'exit', { signal: AbortSignal.timeout(stopsWithinMs) });
      child.disconnect();
      await ended.catch(() => this.kill());
    }
    await rm(this.directory, { recursive: true, force: true });
  }

  async #run(isNew: boolean): Promise<void> {
    const child = fork(entry, {
      execArgv: ['--conditions=@backup-sync/source'],
      stdio: 'ignore',
      // Ctrl-C reaches all processes of a group, but the run must finish its round, which needs the database.
      detached: true,
    });
    this.#child = child;
    child.send({ ...this.#start, isNew } satisfies DatabaseStart);
    await once(child, 'message', { signal: AbortSignal.timeout(startsWithinMs) });
    this.#isAway = false;
  }
}

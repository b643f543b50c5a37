import type { SessionConnection, SessionLock } from './session-connection.ts';

/** A duty that one node at a time has, until it stops or its session is lost. Then another node takes it. */
export class NodeDuty implements AsyncDisposable {
  readonly #session: Pick<SessionConnection, 'tryLock'>;
  readonly #name: string;
  #lock: SessionLock | null = null;

  constructor(session: Pick<SessionConnection, 'tryLock'>, name: string) {
    this.#session = session;
    this.#name = name;
  }

  /** Takes the duty, or keeps it. Returns a signal that is aborted when it is lost; null if another node has it. */
  async take(): Promise<AbortSignal | null> {
    if (this.#lock === null || this.#lock.lost.aborted) this.#lock = await this.#session.tryLock(this.#name);
    return this.#lock?.lost ?? null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lock?.[Symbol.asyncDispose]();
  }
}

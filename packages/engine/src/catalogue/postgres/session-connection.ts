import { type Backoff, backoffMs } from '../../backoff.ts';
import type { Sleep } from '../../storage/bucket-budget.ts';
import { type Address, Session } from './session.ts';

/** Time between two checks whether the session still answers, in milliseconds. */
const checkEveryMs = 10_000;
/** Wait until a lost session is opened again, before random spreading. */
const reopenBackoff: Backoff = { firstMs: 500, longestMs: 10_000 };

export type SessionConnectionOptions = {
  readonly address: Address;
  readonly sleep: Sleep;
  /** Returns a number from 0 up to, but not including, 1. It spreads the back-off. */
  readonly random: () => number;
  /** Called once each time the session is lost. It is opened again in any case. */
  readonly onLost: (error: unknown) => void;
};

/** A lock that one node at a time has. */
export type SessionLock = {
  /** Aborted when the session is lost. Another node may have the lock from then on. */
  readonly lost: AbortSignal;
  /** Frees the lock. */
} & AsyncDisposable;

/** Called with the payload of a notification, or with an empty one if notifications may have been missed. */
export type OnNotification = (payload: string) => void;

/**
 * The one connection of a node that stays open, for notifications and for locks that end with it. A session that is
 * lost is opened again, as often as it takes. It cannot go through a pooler in transaction mode.
 */
export class SessionConnection implements AsyncDisposable {
  readonly #options: SessionConnectionOptions;
  readonly #stopping = new AbortController();
  readonly #listeners = new Map<string, Set<OnNotification>>();
  #session: Session;
  #kept: Promise<void> = Promise.resolve();

  private constructor(options: SessionConnectionOptions, session: Session) {
    this.#options = options;
    this.#session = session;
  }

  /** Whether the session is lost, and not open again yet. */
  get isLost(): boolean {
    return this.#session.lost.aborted;
  }

  /** Throws the error of the database if it cannot be reached. */
  static async open(options: SessionConnectionOptions): Promise<SessionConnection> {
    const connection = new SessionConnection(options, await Session.open(options.address));
    connection.#kept = connection.#keep();
    return connection;
  }

  /**
   * Calls `onNotification` for each notification on a channel, and after each time the session was lost. Returns a
   * function that stops the calls.
   */
  async listen(channel: string, onNotification: OnNotification): Promise<() => void> {
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners);
    listeners.add(onNotification);
    // A session that is lost meanwhile is opened again with this channel.
    if (listeners.size === 1) await this.#session.listen(channel).catch(() => {});
    return () => void listeners.delete(onNotification);
  }

  /** Takes the lock of this name. Null if it is taken already, by this node or another, or if the session is lost. */
  async tryLock(name: string): Promise<SessionLock | null> {
    const session = this.#session;
    if (!(await session.tryLock(name).catch(() => false))) return null;
    return { lost: session.lost, [Symbol.asyncDispose]: () => session.unlock(name) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error('the node is stopping'));
    await this.#kept;
    await this.#session[Symbol.asyncDispose]();
  }

  async #keep(): Promise<void> {
    const stopping = this.#stopping.signal;
    this.#session.onNotification = (channel, payload) => this.#notify(channel, payload);
    while (!stopping.aborted) {
      await this.#check(this.#session);
      if (stopping.aborted) return;
      this.#options.onLost(this.#session.lost.reason);
      await this.#reopen();
    }
  }

  /** Returns when the session is lost or the node stops. */
  async #check(session: Session): Promise<void> {
    const ending = AbortSignal.any([session.lost, this.#stopping.signal]);
    while (!ending.aborted) {
      try {
        await this.#options.sleep(checkEveryMs, ending);
        await session.check();
      } catch {
        // The loop has ended: each failure of a session is its loss.
      }
    }
  }

  async #reopen(): Promise<void> {
    const { address, sleep, random } = this.#options;
    const stopping = this.#stopping.signal;
    for (let failures = 0; ; failures += 1) {
      try {
        await sleep(backoffMs(reopenBackoff, failures, random()), stopping);
        const session = await Session.open(address);
        session.onNotification = (channel, payload) => this.#notify(channel, payload);
        this.#session = session;
        for (const channel of this.#listeners.keys()) await session.listen(channel);
        break;
      } catch {
        if (stopping.aborted) return;
      }
    }
    for (const channel of this.#listeners.keys()) this.#notify(channel, '');
  }

  #notify(channel: string, payload: string): void {
    for (const listener of this.#listeners.get(channel) ?? []) listener(payload);
  }
}

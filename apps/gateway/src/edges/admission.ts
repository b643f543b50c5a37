import { BackupSyncError } from '@backup-sync/contracts';
import { type Caller, type Clock, networkOf } from '@backup-sync/engine';
import type { Request, RequestHandler } from 'express';
import { LRUCache } from 'lru-cache';
import { addressOf } from './caller-address.ts';
import { credentialOf } from './credential.ts';
import type { EdgeLimits } from './edge-limits.ts';
import { RateLimit } from './rate-limit.ts';

/** Credentials that are remembered; the one that was not used for longest is forgotten first. */
const rememberedMax = 100_000;

/** Counts calls: by who makes them once that is known, else by the address that they come from. */
export class Admission {
  readonly #limits: EdgeLimits;
  readonly #callers: RateLimit;
  readonly #addresses: RateLimit;
  readonly #counted = new WeakSet<Request>();
  /** Calls that were counted as those of someone unknown before it was asked whose they are. */
  readonly #ahead = new WeakSet<Request>();
  /** Credentials that were good the last time, each from where it came: strangers beside them hold them up less. */
  // With `max`, the cache would allocate room for all credentials at once: some 2 MB.
  readonly #goodBefore = new LRUCache<string, true>({ maxSize: rememberedMax, sizeCalculation: () => 1 });
  readonly #inFlight = new Map<string, number>();
  /** By whom each call that is in flight is held. */
  readonly #holders = new WeakMap<Request, string>();
  #allInFlight = 0;

  constructor(limits: EdgeLimits, clock: Clock) {
    const { callsPerSecond, unknownCallsPerSecond } = limits;
    const nowMs = () => clock.monotonicMs();
    this.#limits = limits;
    this.#callers = new RateLimit({ perSecond: callsPerSecond, burst: 2 * callsPerSecond }, nowMs);
    this.#addresses = new RateLimit({ perSecond: unknownCallsPerSecond, burst: 10 * unknownCallsPerSecond }, nowMs);
  }

  /** Holds a place for every call until it is answered: its network's, until it is known whose it is. */
  readonly admitInFlight: RequestHandler = (request, response, next) => {
    if (this.#allInFlight >= this.#limits.callsInFlight) {
      throw new BackupSyncError('unavailable', 'the server is answering as many calls as it can');
    }
    const credential = credentialOf(request);
    const { callsInFlightOfCaller, callsInFlightOfNetwork } = this.#limits;
    if (credential !== null && this.#goodBefore.has(credential)) this.#hold(request, credential, callsInFlightOfCaller);
    else this.#hold(request, networkOf(addressOf(request)), callsInFlightOfNetwork);
    this.#allInFlight += 1;
    response.once('close', () => {
      this.#allInFlight -= 1;
      this.#leave(request);
    });
    next();
  };

  /** For what needs no credentials. */
  readonly admitUnknown: RequestHandler = (request, _response, next) => {
    this.countUnknown(request);
    next();
  };

  /** Counts a call whose caller is not known. Throws `throttled`. */
  countUnknown(request: Request): void {
    if (this.#counted.has(request)) return;
    this.#counted.add(request);
    refuseFor(this.#addresses.take(networkOf(addressOf(request))));
  }

  /**
   * Before anything is done to find out whose a call is: counts it as that of someone unknown, unless its credentials were
   * good the last time. Throws `throttled`.
   */
  countAhead(request: Request): void {
    const credential = credentialOf(request);
    if (this.#counted.has(request) || credential === null || this.#goodBefore.has(credential)) return;
    this.countUnknown(request);
    this.#ahead.add(request);
  }

  /** Its credentials are not good, or not any more. */
  forget(request: Request): void {
    const credential = credentialOf(request);
    if (credential !== null) this.#goodBefore.delete(credential);
  }

  /**
   * Counts what a call asks for, which may be several things, once, however often it asks who its caller is. Throws
   * `throttled`.
   */
  countCaller(request: Request, { projectId, kind, name }: Caller, calls: number): void {
    if (this.#ahead.delete(request)) this.#addresses.giveBack(networkOf(addressOf(request)));
    else if (this.#counted.has(request)) return;
    this.#counted.add(request);
    const credential = credentialOf(request);
    if (credential !== null) this.#goodBefore.set(credential, true);
    const caller = JSON.stringify([projectId, kind, name]);
    refuseFor(this.#callers.take(caller, calls));
    this.#hold(request, caller, this.#limits.callsInFlightOfCaller);
  }

  /** Exchanges the place that the call held before, where it did. */
  #hold(request: Request, holder: string, most: number): void {
    const held = this.#inFlight.get(holder) ?? 0;
    if (held >= most) throw new BackupSyncError('throttled', `${held} calls of this caller are not answered yet`);
    this.#leave(request);
    // A request that is gone is closed already, and would be held for ever.
    if (request.res === undefined || request.res.closed) return;
    this.#inFlight.set(holder, held + 1);
    this.#holders.set(request, holder);
  }

  #leave(request: Request): void {
    const holder = this.#holders.get(request);
    if (holder === undefined) return;
    this.#holders.delete(request);
    const left = (this.#inFlight.get(holder) ?? 1) - 1;
    if (left === 0) this.#inFlight.delete(holder);
    else this.#inFlight.set(holder, left);
  }
}

/** The one of the application that has the request. */
export function admissionOf(request: Request): Admission {
  return request.app.locals.admission;
}

function refuseFor(waitMs: number): void {
  if (waitMs > 0) throw new BackupSyncError('throttled', 'too many calls', { retryAfterMs: waitMs });
}

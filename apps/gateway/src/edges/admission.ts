import { BackupSyncError } from '@backup-sync/contracts';
import { type Caller, type CallRate, type Clock, networkOf } from '@backup-sync/engine';
import type { Request, RequestHandler } from 'express';
import { LRUCache } from 'lru-cache';
import { addressOf } from './caller-address.ts';
import { credentialOf } from './credential.ts';
import type { EdgeLimits } from './edge-limits.ts';
import { type CallLimit, RateLimit } from './rate-limit.ts';
import { type OtherNodes, SharedRateLimit } from './shared-rate-limit.ts';

/** Maximum number of credentials that are remembered; the least recently used is forgotten first. */
const rememberedMax = 100_000;

/** Limits calls: by caller once that is known, before that by the network that they come from. */
export class Admission {
  readonly #openLimit: (name: string, rate: CallRate) => CallLimit;
  #limits: EdgeLimits;
  #callers: CallLimit;
  #addresses: CallLimit;
  readonly #counted = new WeakSet<Request>();
  /** Calls that were counted by network before their credentials were checked. */
  readonly #ahead = new WeakSet<Request>();
  /** Credentials that were valid last time, by network. Unknown callers on the same network hold them up less. */
  // With `max`, the cache would allocate room for all credentials at once, about 2 MB.
  readonly #goodBefore = new LRUCache<string, true>({ maxSize: rememberedMax, sizeCalculation: () => 1 });
  readonly #inFlight = new Map<string, number>();
  /** The holder of the place of each call in flight: a caller, a credential or a network. */
  readonly #holders = new WeakMap<Request, string>();
  #allInFlight = 0;

  /** `otherNodes`: the nodes that share the limits of calls per second, if there are any. */
  constructor(limits: EdgeLimits, clock: Clock, otherNodes: OtherNodes | null) {
    const nowMs = () => clock.monotonicMs();
    this.#openLimit = (name, rate) =>
      otherNodes === null ? new RateLimit(rate, nowMs) : new SharedRateLimit(name, rate, nowMs, otherNodes);
    this.#limits = limits;
    this.#callers = this.#openCallers(limits);
    this.#addresses = this.#openAddresses(limits);
  }

  /** Uses other limits from now on. A rate that changes begins without what callers have used so far. */
  setLimits(limits: EdgeLimits): void {
    const before = this.#limits;
    this.#limits = limits;
    if (limits.callsPerSecond !== before.callsPerSecond) this.#callers = this.#openCallers(limits);
    if (limits.unknownCallsPerSecond !== before.unknownCallsPerSecond) this.#addresses = this.#openAddresses(limits);
  }

  #openCallers({ callsPerSecond }: EdgeLimits): CallLimit {
    return this.#openLimit('callers', { perSecond: callsPerSecond, burst: 2 * callsPerSecond });
  }

  #openAddresses({ unknownCallsPerSecond }: EdgeLimits): CallLimit {
    return this.#openLimit('networks', { perSecond: unknownCallsPerSecond, burst: 10 * unknownCallsPerSecond });
  }

  /** Takes a place for each call until it is answered. The network holds it until the caller is known. */
  readonly admitInFlight: RequestHandler = (request, response, next) => {
    if (this.#allInFlight >= this.#limits.callsInFlight) {
      throw new BackupSyncError('unavailable', 'the server is already answering as many calls as it accepts');
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

  /** Counts calls that need no credentials. */
  readonly admitUnknown: RequestHandler = async (request, _response, next) => {
    await this.countUnknown(request);
    next();
  };

  /** Counts a call from an unknown caller. Throws `throttled`. */
  async countUnknown(request: Request): Promise<void> {
    if (this.#counted.has(request)) return;
    this.#counted.add(request);
    refuseFor(await this.#addresses.take(networkOf(addressOf(request))));
  }

  /**
   * Counts a call as one from an unknown caller before its credentials are checked, unless they were valid last time.
   * Throws `throttled`.
   */
  async countAhead(request: Request): Promise<void> {
    const credential = credentialOf(request);
    if (this.#counted.has(request) || credential === null || this.#goodBefore.has(credential)) return;
    await this.countUnknown(request);
    this.#ahead.add(request);
  }

  /** Forgets the credentials of a call, since they are invalid. */
  forget(request: Request): void {
    const credential = credentialOf(request);
    if (credential !== null) this.#goodBefore.delete(credential);
  }

  /**
   * Counts a request for its caller, as `calls` calls if it is a batch. Counts it once, however often its credentials
   * are checked. Throws `throttled`.
   */
  async countCaller(request: Request, { projectId, kind, name }: Caller, calls: number): Promise<void> {
    if (this.#ahead.delete(request)) this.#addresses.giveBack(networkOf(addressOf(request)));
    else if (this.#counted.has(request)) return;
    this.#counted.add(request);
    const credential = credentialOf(request);
    if (credential !== null) this.#goodBefore.set(credential, true);
    const caller = JSON.stringify([projectId, kind, name]);
    refuseFor(await this.#callers.take(caller, calls));
    this.#hold(request, caller, this.#limits.callsInFlightOfCaller);
  }

  /** Takes a place for `holder`, and releases the place that the call held before. Throws `throttled`. */
  #hold(request: Request, holder: string, most: number): void {
    const held = this.#inFlight.get(holder) ?? 0;
    if (held >= most)
      throw new BackupSyncError(
        'throttled',
        `${held} calls of this caller or its network are in progress; wait until one ends`,
      );
    this.#leave(request);
    // A request whose connection is gone has already closed, so its place would never be released.
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

/** Returns the admission of the application that handles the request. */
export function admissionOf(request: Request): Admission {
  return request.app.locals.admission;
}

function refuseFor(waitMs: number): void {
  if (waitMs > 0)
    throw new BackupSyncError('throttled', 'too many calls from this caller or its network', { retryAfterMs: waitMs });
}

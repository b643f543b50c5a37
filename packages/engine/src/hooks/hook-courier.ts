import type { ClaimedHookEvent, HookRecord } from '../catalogue/hook-records.ts';
import { isCatalogueFault } from '../catalogue-refusal.ts';
import type { Log } from '../log-events.ts';
import type { Services } from '../services.ts';
import { OperationFollower } from './follow-operations.ts';
import { lookForProblems } from './look-for-problems.ts';
import { waitAfterTry } from './retry-times.ts';

/** Events that are sent to one hook at the same time. A receiver that hangs delays no other. */
const atOncePerHook = 4;
/** Events that are sent at the same time to all hooks. */
const atOnceMax = 32;
/** Looks after which old events are forgotten. */
const forgetEvery = 100;

export type CourierPace = {
  /** Shortest time between two rounds, however many operations end. */
  readonly roundEveryMs: number;
  /** Longest time until a round, if no event of an operation was written: other processes may have changed something. */
  readonly restMs: number;
  /** Time between two looks for what is overdue or held. */
  readonly lookEveryMs: number;
};
export const courierPace: CourierPace = { roundEveryMs: 1_000, restMs: 5_000, lookEveryMs: 30_000 };

export type HookCourierOptions = {
  readonly services: Services;
  readonly pace: CourierPace;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Whether this process is the one to send events now. */
  readonly maySend: () => Promise<boolean>;
  readonly log: Log;
  readonly onFault: (error: unknown) => void;
};

/**
 * Notifies hooks of problems: finds what began or is over, stores an event for each, and sends the events. All that it
 * has to remember is stored, so that a restart neither repeats nor misses a transition. An event whose sending was
 * interrupted is sent again.
 */
export class HookCourier implements AsyncDisposable {
  readonly #options: HookCourierOptions;
  readonly #follower: OperationFollower;
  readonly #inFlight = new Map<Promise<void>, string>();
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #isRung = false;
  #isResting = false;
  #looks = 0;
  readonly #stopping = new AbortController();
  readonly #stopListening: () => void;

  constructor(options: HookCourierOptions) {
    this.#options = options;
    this.#follower = new OperationFollower(options.services, options.log);
    this.#stopListening = options.services.catalogue.onEvents(() => this.wake());
  }

  start(): void {
    this.#sleep(0);
  }

  /** Makes the next round come soon. */
  wake(): void {
    this.#isRung = true;
    if (this.#isResting) this.#sleep(this.#options.pace.roundEveryMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error('the courier stops'));
    clearTimeout(this.#timer);
    this.#stopListening();
    await this.#round;
    await Promise.all(this.#inFlight.keys());
  }

  #sleep(milliseconds: number): void {
    if (this.#stopping.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#isResting = milliseconds > this.#options.pace.roundEveryMs;
    this.#timer = setTimeout(() => {
      this.#isResting = false;
      this.#round = this.#runRound();
    }, milliseconds);
    this.#timer.unref();
  }

  async #runRound(): Promise<void> {
    this.#isRung = false;
    try {
      if (await this.#options.maySend()) await this.#work();
    } catch (error) {
      // What was not done is done in the next round.
      if (!this.#stopping.signal.aborted && !isCatalogueFault(error)) this.#options.onFault(error);
    }
    const { roundEveryMs, restMs } = this.#options.pace;
    this.#sleep(this.#isRung ? roundEveryMs : restMs);
  }

  async #work(): Promise<void> {
    const { services, pace } = this.#options;
    const hooks = await services.catalogue.hooks.allHooks();
    this.#follower.keepOnly(new Set(hooks.map(({ id }) => id)));
    const sinceLookMs = services.world.clock.monotonicMs() - this.#lookedAtMs;
    for (const hook of hooks) {
      await this.#follower.follow(hook, this.#stopping.signal);
      if (sinceLookMs >= pace.lookEveryMs) {
        const forgets = this.#looks % forgetEvery === 0;
        await lookForProblems(services, hook, { nowMs: await services.work.storedTimes.nowMs(), forgets });
      }
    }
    if (sinceLookMs >= pace.lookEveryMs) {
      this.#lookedAtMs = services.world.clock.monotonicMs();
      this.#looks += 1;
    }
    if (hooks.length > 0) await this.#sendDue();
  }

  async #sendDue(): Promise<void> {
    const { catalogue, world } = this.#options.services;
    for (const hookId of await catalogue.hooks.hooksToSend(world.clock.nowMs())) {
      const own = [...this.#inFlight.values()].filter((id) => id === hookId).length;
      const room = Math.min(atOncePerHook - own, atOnceMax - this.#inFlight.size);
      if (room <= 0 || this.#stopping.signal.aborted) continue;
      const claimed = await catalogue.hooks.claimHookEvents(hookId, room, world.clock.nowMs());
      for (const event of claimed?.events ?? []) {
        const sending = this.#sendFrom(claimed?.hook as HookRecord, event).finally(() => {
          this.#inFlight.delete(sending);
          this.wake();
        });
        this.#inFlight.set(sending, hookId);
      }
    }
  }

  /** Sends an event, then others of the hook while its receiver accepts them. */
  async #sendFrom(hook: HookRecord, event: ClaimedHookEvent): Promise<void> {
    const { services, onFault } = this.#options;
    const { hooks } = services.catalogue;
    try {
      let isDelivered = await this.#send(hook, event);
      while (isDelivered && !this.#stopping.signal.aborted) {
        const next = await hooks.claimHookEvents(hook.id, 1, services.world.clock.nowMs());
        const [nextEvent] = next?.events ?? [];
        if (next === null || nextEvent === undefined) return;
        isDelivered = await this.#send(next.hook, nextEvent);
      }
    } catch (error) {
      // The claim ends by itself, and the event is sent again.
      if (!isCatalogueFault(error)) onFault(error);
    }
  }

  async #send(hook: HookRecord, event: ClaimedHookEvent): Promise<boolean> {
    const { services, random, log } = this.#options;
    const { signal } = this.#stopping;
    const message = { id: event.messageId, body: event.body };
    const { isDelivered, isGone, answer, retryAfterMs } = await services.work.hookSender.send(hook, message, signal);
    const nowMs = services.world.clock.nowMs();
    // What was interrupted is due again at the next start.
    const waitMs = signal.aborted ? 0 : waitAfterTry(event.tries, retryAfterMs, random());
    await services.catalogue.hooks.endHookTry({
      ...{ hookId: hook.id, messageId: event.messageId, kind: event.kind, subject: event.subject, isGone },
      result: { atMs: nowMs, isDelivered, answer },
      notBeforeMs: isDelivered || isGone || waitMs === null ? null : Math.round(nowMs + waitMs),
    });
    const of = { project_id: hook.projectId, hook_id: hook.id };
    if (isGone) log('hook.gone', `The receiver of hook ${hook.name} is gone (410). It gets no more events.`, of);
    else if (!isDelivered && waitMs === null) {
      log('hook.given_up', `An event was not delivered to hook ${hook.name} after ${event.tries} tries: ${answer}`, of);
    }
    return isDelivered;
  }
}

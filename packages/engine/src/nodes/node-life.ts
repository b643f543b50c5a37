import { isCatalogueFault } from '../catalogue-refusal.ts';
import { untilAborted } from '../chain/until-aborted.ts';
import { Alarm } from '../queue/alarm.ts';
import type { JobRun } from '../queue/port.ts';
import type { Sleep } from '../storage/bucket-budget.ts';
import { duration } from '../storage/duration.ts';
import type { DatabaseClock } from './database-clock.ts';
import { type LeasedJob, type LeaseHolder, type LeaseHolderOptions, unlessCatalogueFault } from './lease-holder.ts';
import type { NodePace } from './live-nodes.ts';

export type NodeLifeOptions = Omit<LeaseHolderOptions, 'clock'> & {
  readonly clock: DatabaseClock;
  readonly sleep: Sleep;
  readonly pace: NodePace;
};

/** A period in which the node holds leases, all under one id. */
type Life = {
  readonly id: string;
  /** Aborted when the leases are lost. */
  readonly lost: AbortController;
  /** When others may take the leases over, in monotonic milliseconds. */
  endsAtMs: number;
};

/**
 * Keeps a process registered as a node of its catalogue, and takes over from nodes that are silent.
 *
 * Once its own silence has lasted `deadAfterMs`, whatever the cause, others may have taken over. The node then
 * stops all its work, registers under a new id, and continues with work under new leases. What the stopped work still
 * writes changes nothing, because its epochs are over.
 */
export class NodeLife implements LeaseHolder {
  readonly ownNode = null;
  readonly #options: NodeLifeOptions;
  readonly #stopping = new AbortController();
  readonly #expiry: Alarm;
  #life: Life | null = null;
  /** Resolved when the next life has begun. */
  #begun = Promise.withResolvers<Life>();
  /** The id of the life before, whose leases may not have been released. */
  #formerId: string | null = null;
  #jobs = 0;
  #loops: readonly Promise<void>[] = [];

  constructor(options: NodeLifeOptions) {
    this.#options = options;
    this.#expiry = new Alarm(options.clock, options.sleep, () => this.#expire());
  }

  /** Registers the node. Throws catalogue errors. */
  async begin(): Promise<void> {
    await this.#register();
    await this.#takeOver();
    this.#loops = [this.#repeat(() => this.#beat()), this.#repeat(() => this.#look())];
  }

  async work(run: JobRun, job: LeasedJob): Promise<void> {
    let life: Life;
    do {
      life = this.#life ?? (await untilAborted(this.#begun.promise, run.signal));
      this.#jobs += 1;
      try {
        await job(life.id, { ...run, signal: AbortSignal.any([run.signal, life.lost.signal]) });
      } catch (error) {
        if (!life.lost.signal.aborted || run.signal.aborted) throw error;
      } finally {
        this.#jobs -= 1;
      }
    } while (life.lost.signal.aborted && !run.signal.aborted);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error('the node is stopping'));
    this.#expiry[Symbol.dispose]();
    await Promise.all(this.#loops);
    const { catalogue, clock } = this.#options;
    const id = this.#life?.id ?? this.#formerId;
    if (id !== null) await unlessCatalogueFault(catalogue.nodes.removeNode(id, clock.nowMs()));
  }

  async #register(): Promise<void> {
    const { catalogue, clock, newId, node, pace } = this.#options;
    const id = newId();
    const sentMs = clock.monotonicMs();
    await clock.follow((nowMs) => catalogue.nodes.registerNode({ ...node, id }, nowMs));
    const life: Life = { id, lost: new AbortController(), endsAtMs: sentMs + pace.deadAfterMs };
    if (this.#formerId !== null) await catalogue.nodes.removeNode(this.#formerId, clock.nowMs());
    this.#formerId = null;
    this.#life = life;
    this.#expiry.set(life.endsAtMs);
    this.#begun.resolve(life);
  }

  async #beat(): Promise<void> {
    const { catalogue, clock, log, pace } = this.#options;
    const life = this.#life;
    if (life !== null) {
      const beat = { id: life.id, jobs: this.#jobs, clockAheadMs: clock.machineAheadMs };
      const sentMs = clock.monotonicMs();
      if ((await clock.follow((nowMs) => catalogue.nodes.beatNode(beat, nowMs))) !== null) {
        life.endsAtMs = sentMs + pace.deadAfterMs;
        return;
      }
      this.#lose(life, 'Another node has taken over the work of this node, which had been silent for too long.');
    }
    await this.#register();
    log('node.returned', 'This node is registered again, under a new id. Its work continues.', {});
  }

  #expire(): void {
    const life = this.#life;
    if (life === null) return;
    const { clock, pace } = this.#options;
    if (clock.monotonicMs() < life.endsAtMs) this.#expiry.set(life.endsAtMs);
    else this.#lose(life, `The database has not answered for ${duration(pace.deadAfterMs)}. Work stops until it does.`);
  }

  #lose(life: Life, message: string): void {
    if (this.#life !== life) return;
    this.#life = null;
    this.#formerId = life.id;
    this.#begun = Promise.withResolvers();
    this.#options.log('node.lost', message, {});
    life.lost.abort(new Error('the leases of this node are lost'));
  }

  async #look(): Promise<void> {
    await this.#takeOver();
    await this.#options.onLook();
  }

  async #takeOver(): Promise<void> {
    const { catalogue, clock, onEnded, log, pace } = this.#options;
    const { nodes, ended } = await catalogue.nodes.takeOverDead(pace.deadAfterMs, clock.nowMs());
    for (const { hostName, pid } of nodes) {
      log(
        'node.taken_over',
        `The node on ${hostName} (process ${pid}) has been silent for more than ${duration(pace.deadAfterMs)}. Other nodes continue its work.`,
        { host: hostName, pid },
      );
    }
    await onEnded(ended);
  }

  /** Does something regularly until the node stops. A catalogue that does not answer is asked again soon. */
  async #repeat(work: () => Promise<void>): Promise<void> {
    const { sleep, onFault, pace } = this.#options;
    const { signal } = this.#stopping;
    let hasFailed = false;
    while (!signal.aborted) {
      try {
        await sleep(hasFailed ? pace.beatEveryMs / 5 : pace.beatEveryMs, signal);
        await work();
        hasFailed = false;
      } catch (error) {
        hasFailed = true;
        if (!signal.aborted && !isCatalogueFault(error)) onFault(error);
      }
    }
  }
}

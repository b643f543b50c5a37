import { afterEnd } from '../operations/after-end.ts';
import type { Services } from '../services.ts';
import { startSourceRun } from './start-source-run.ts';

/** Longest time until the scheduler notices a changed plan or a clock that was set. */
const longestSleepMs = 30_000;

/**
 * Starts the runs of sources that are due, with one timer. The plan is stored in the catalogue, so a restart changes
 * nothing: a source that became due meanwhile runs once, immediately.
 */
export class SourceScheduler implements AsyncDisposable {
  readonly #services: Services;
  readonly #mayRun: () => Promise<boolean>;
  readonly #onFault: (error: unknown) => void;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> = Promise.resolve();
  #isStopped = false;

  /** `mayRun`: whether this process is the one to start runs now. Others may have to. */
  constructor(services: Services, mayRun: () => Promise<boolean>, onFault: (error: unknown) => void) {
    this.#services = services;
    this.#mayRun = mayRun;
    this.#onFault = onFault;
  }

  start(): void {
    this.#sleep(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
  }

  #sleep(milliseconds: number): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#wake();
    }, milliseconds);
    this.#timer.unref();
  }

  async #wake(): Promise<void> {
    let sleepMs = longestSleepMs;
    try {
      if (await this.#mayRun()) sleepMs = await runDueSources(this.#services);
    } catch (error) {
      // The catalogue could not be read. The plan is unchanged, so the next wake reads it again.
      if (!this.#isStopped) this.#onFault(error);
    }
    this.#sleep(sleepMs);
  }
}

/**
 * Starts the sources that are due, and ends overdue runs and imports that have waited too long for a parent. Returns
 * the time until something may be due again, in milliseconds.
 */
export async function runDueSources(services: Services): Promise<number> {
  const {
    catalogue,
    work: { queue, storedTimes },
    world: { newId },
  } = services;
  const nowMs = await storedTimes.nowMs();
  for (const due of await catalogue.operations.overdueWaits(nowMs)) await queue.add(due);
  await afterEnd(services, await catalogue.operations.endOverdueRuns(nowMs));
  for (const source of await catalogue.sources.dueSources(nowMs)) {
    const actor = { kind: 'system', name: `source ${source.name}` } as const;
    await startSourceRun(services, source, { actor, requestId: newId(), confirmsRemovals: false });
  }
  const nextMs = await catalogue.sources.nextRunAtMs();
  const untilNextMs = nextMs === null ? longestSleepMs : Math.max(0, nextMs - nowMs);
  return Math.min(untilNextMs, longestSleepMs);
}

import { setTimeout as pause } from 'node:timers/promises';
import { type Report, shown } from '../report.ts';
import type { CatalogueView } from './catalogue-view.ts';

/** Times of the checks, in milliseconds. */
type CheckTimes = {
  /** Time within which jobs end after their work. */
  readonly jobsWithinMs: number;
  /** Time within which events get their numbers. */
  readonly numbersWithinMs: number;
};

/** The job of a dead worker is noticed after 15 s, looked for every 5 s, and given to another worker. */
const usualTimes: CheckTimes = { jobsWithinMs: 60_000, numbersWithinMs: 5000 };
const lookEveryMs = 200;

/** Checks in the database what no call of the API shows. All operations have ended. */
export async function checkCluster(catalogue: CatalogueView, report: Report, times = usualTimes): Promise<void> {
  const jobs = await becomesEmpty(() => catalogue.jobs(), times.jobsWithinMs);
  if (jobs.length > 0) report.broken('no job stays after its work has ended', shown(jobs));
  const pending = await becomesEmpty(async () => Array(await catalogue.pendingEvents()), times.numbersWithinMs);
  if (pending.length > 0) report.broken('every event gets a number', `${pending.length} have none`);
  const changed = await catalogue.changedEnds();
  if (changed.length > 0) report.broken('an ended operation does not change', shown(changed));
  const double = await catalogue.doubleImports();
  if (double.length > 0) report.broken('an item has one unfinished import', shown(double));
  const lost = catalogue.takeLost();
  if (lost.length > 0) report.broken('work that waits has a job', shown(lost));
  const orphans = catalogue.takeOrphans();
  if (orphans.length > 0) report.broken('a running operation has a living node', shown(orphans));
}

/** Looks until there is nothing any more, or the time is over. Returns what is left. */
async function becomesEmpty<Each>(look: () => Promise<readonly Each[]>, withinMs: number): Promise<readonly Each[]> {
  const deadlineMs = performance.now() + withinMs;
  while (true) {
    const left = await look();
    if (left.length === 0 || performance.now() > deadlineMs) return left;
    await pause(lookEveryMs);
  }
}

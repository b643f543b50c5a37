import type { ItemOperation } from '../catalogue/operation-records.ts';
import { Absences } from '../chain/absences.ts';

/** Runs whose answers are remembered at a time. The one that was begun first makes room for a new one. */
const runsMax = 16;

/** What each run has looked for in other buckets and not found: the jobs of one scan or request share their answers. */
export class RunAbsences {
  readonly #byRun = new Map<string, Absences>();

  /** Those of the run that all of these operations belong to. Operations of several runs get an empty memory. */
  of(operations: readonly ItemOperation[]): Absences {
    const [run = '', ...others] = new Set(operations.map(runOf));
    if (others.length > 0) return new Absences();
    const known = this.#byRun.get(run);
    if (known !== undefined) return known;
    const [oldest] = this.#byRun.keys();
    if (oldest !== undefined && this.#byRun.size >= runsMax) this.#byRun.delete(oldest);
    const absences = new Absences();
    this.#byRun.set(run, absences);
    return absences;
  }
}

/** Callers may use an id for several requests, so that the time of acceptance is part of a request's name. */
function runOf({ projectId, parentOperationId, requestId, createdAtMs }: ItemOperation): string {
  return JSON.stringify([projectId, ...(parentOperationId === null ? [requestId, createdAtMs] : [parentOperationId])]);
}

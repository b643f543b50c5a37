import type { ItemOperation } from '../catalogue/operation-records.ts';
import { Absences } from '../chain/absences.ts';

/** Maximum number of runs whose answers are remembered. The oldest is dropped first. */
const runsMax = 16;

/** Remembers what each run has not found in other buckets: the jobs of one scan or request share their answers. */
export class RunAbsences {
  readonly #byRun = new Map<string, Absences>();

  /** The absences of the run that all these operations belong to. Operations of several runs get an empty memory. */
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

/**
 * Names the run of an operation. Callers may use one id for several requests, so the name has the acceptance time too.
 */
function runOf({ projectId, parentOperationId, requestId, createdAtMs }: ItemOperation): string {
  return JSON.stringify([projectId, ...(parentOperationId === null ? [requestId, createdAtMs] : [parentOperationId])]);
}

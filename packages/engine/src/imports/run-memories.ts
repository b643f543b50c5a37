import type { ItemOperation } from '../catalogue/operation-records.ts';
import { Absences } from '../chain/absences.ts';
import { PackageMemory } from '../chain/package-memory.ts';

/** Maximum number of runs whose answers are remembered. The oldest is dropped first. */
const runsMax = 16;

/** What a run remembers of what it looked for in storage. */
type RunMemory = { readonly absences: Absences; readonly packages: PackageMemory };

/** Remembers what each run has found and not found: the jobs of one scan or request share their answers. */
export class RunMemories {
  readonly #nowMs: () => number;
  readonly #byRun = new Map<string, RunMemory>();

  /** `nowMs` is the time of the wall clock. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** The memory of the run that all these operations belong to. Operations of several runs get an empty one. */
  of(operations: readonly ItemOperation[]): RunMemory {
    const [run = '', ...others] = new Set(operations.map(runOf));
    if (others.length > 0) return this.#empty();
    const known = this.#byRun.get(run);
    if (known !== undefined) return known;
    const [oldest] = this.#byRun.keys();
    if (oldest !== undefined && this.#byRun.size >= runsMax) this.#byRun.delete(oldest);
    const memory = this.#empty();
    this.#byRun.set(run, memory);
    return memory;
  }

  #empty(): RunMemory {
    return { absences: new Absences(), packages: new PackageMemory(this.#nowMs) };
  }
}

/**
 * Names the run of an operation. Callers may use one id for several requests, so the name has the acceptance time too.
 */
function runOf({ projectId, parentOperationId, requestId, createdAtMs }: ItemOperation): string {
  return JSON.stringify([projectId, ...(parentOperationId === null ? [requestId, createdAtMs] : [parentOperationId])]);
}

import type { Catalogue } from '../catalogue/catalogue.ts';
import type { NewNode, NodeDescription } from '../catalogue/node-records.ts';
import type { EndedOperation } from '../catalogue/operation-records.ts';
import { isCatalogueFault } from '../catalogue-refusal.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log-events.ts';
import type { JobRun } from '../queue/port.ts';

/** This process, as a node is listed. `id` is the owner of its leases. */
export type OwnNode = NewNode & {
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
};

/** The work of one job under a lease. */
export type LeasedJob = (leaseOwner: string, run: JobRun) => Promise<void>;

/**
 * Holds the leases of the operations that this process works on. Disposing makes these operations wait again, for the
 * next worker. All work must have ended by then.
 */
export interface LeaseHolder extends AsyncDisposable {
  /** This process, if no other uses its catalogue; null if the catalogue lists the nodes. */
  readonly ownNode: OwnNode | null;
  /** Takes over the operations that processes which are gone have left. */
  begin(): Promise<void>;
  /**
   * Runs a job under the current owner of leases. If that owner loses its leases meanwhile, the signal of the run is
   * aborted, whatever the job throws then is ignored, and it runs again under the next owner. Another worker has the
   * operations that it had started, but nobody knows of those that it was about to start.
   */
  work(run: JobRun, job: LeasedJob): Promise<void>;
}

/** The tools that every holder needs. */
export type LeaseHolderOptions = {
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  readonly node: NodeDescription;
  /** Returns a new UUIDv7. */
  readonly newId: () => string;
  readonly log: Log;
  /** Called with faults of this program. */
  readonly onFault: (error: unknown) => void;
  /** Called with operations that have ended because their workers died again and again. */
  readonly onEnded: (ended: readonly EndedOperation[]) => Promise<void>;
  /** Called every few seconds while others may change what this process remembers of the catalogue. */
  readonly onLook: () => Promise<void>;
};

/** The only process that uses the catalogue. Nobody can take its operations over while it lives. */
export class SoleHolder implements LeaseHolder {
  readonly ownNode: OwnNode;
  readonly #catalogue: Catalogue;
  readonly #clock: Clock;

  constructor({ catalogue, clock, newId, node }: LeaseHolderOptions) {
    this.ownNode = { ...node, id: newId(), startedAtMs: clock.nowMs() };
    this.#catalogue = catalogue;
    this.#clock = clock;
  }

  async begin(): Promise<void> {
    await this.#catalogue.operations.releaseOperations(null, this.#clock.nowMs());
  }

  work(run: JobRun, job: LeasedJob): Promise<void> {
    return job(this.ownNode.id, run);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await unlessCatalogueFault(this.#catalogue.operations.releaseOperations(this.ownNode.id, this.#clock.nowMs()));
  }
}

/** Waits for a last step. A catalogue that cannot be written must not prevent stopping: others release the operations. */
export async function unlessCatalogueFault(step: Promise<unknown>): Promise<void> {
  try {
    await step;
  } catch (error) {
    if (!isCatalogueFault(error)) throw error;
  }
}
